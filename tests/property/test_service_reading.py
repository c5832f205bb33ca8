"""Whatever bytes a request holds, it is a document or one of our errors, and soon."""

from __future__ import annotations

import base64
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from sneakeraug.api import exports, reading
from sneakeraug.api.documents import CampaignFields, RecommendationRequest
from sneakeraug.errors import InputError
from sneakeraug.export import tables
from sneakeraug.vocabulary import TARGETS

KINDS = st.sampled_from([reading.JSON, f"{reading.FORM}; boundary=x", "image/png", "text/plain"])
HEADER = b'--x\r\nContent-Disposition: form-data; name="'
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"--x", b"\r\n", HEADER, b'image"', b'"; filename="a', b"\r\n\r\n", b"--"]
        ),
        st.sampled_from([b"{", b"}", b'"image":', b'"guard":{"', b"1e999", b"[", b"null", b"\\u"]),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(KINDS, PIECES, st.text(max_size=60))
def test_any_body_is_a_document_or_our_error(
    kind: str, pieces: list[bytes], attributes: str
) -> None:
    body = b"".join(pieces)
    assert reading.read_accept(attributes) in tables.KINDS
    started = time.perf_counter()
    said: list[str] = []
    for read in (
        lambda: reading.read_recommendation(kind, body),
        lambda: reading.read_batch(kind, body),
        lambda: reading.read_search(kind, body),
        lambda: reading.read_invocation(kind, body, attributes),
        lambda: exports.read_export(kind, body),
        lambda: exports.read_rebuild(kind, body),
    ):
        try:
            read()
        except InputError as exc:
            said.append(str(exc))
    assert all(0 < len(text) < 1500 for text in said)
    assert time.perf_counter() - started < 2


CAMPAIGNS = st.builds(
    CampaignFields,
    target=st.sampled_from(list(TARGETS)),
    gender=st.sampled_from([None, "women"]),
    n_alternates=st.integers(0, 100),
    guard=st.dictionaries(st.sampled_from(list(TARGETS)), st.integers(0, 999).map(float)),
)


@settings(max_examples=60, deadline=None)
@given(CAMPAIGNS, st.binary(min_size=1, max_size=300))
def test_json_form_and_header_hold_the_same_campaign(asked: CampaignFields, data: bytes) -> None:
    document = RecommendationRequest(
        **asked.model_dump(), image=base64.b64encode(data).decode(), name="a"
    )
    picture, fields = reading.read_recommendation(reading.JSON, document.model_dump_json().encode())
    assert picture.read() == data
    assert fields.campaign() == asked.campaign()
    pairs = [(name, value) for name, value in asked.model_dump().items() if name != "guard"]
    pairs += [("guard", f"{target}={limit:g}") for target, limit in asked.guard.items()]
    pairs = [(name, "" if value is None else value) for name, value in pairs]
    boundary = "a-boundary-that-no-random-bytes-hold"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    body = b"".join(parts) + head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    picture, fields = reading.read_recommendation(f"{reading.FORM}; boundary={boundary}", body)
    assert picture.read() == data
    assert fields.campaign() == asked.campaign()
    header = ";".join(f"{name}={value}" for name, value in pairs)
    picture, fields = reading.read_invocation("image/png", data, header)
    assert picture.read() == data
    assert fields.campaign() == asked.campaign()
