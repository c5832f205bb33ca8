"""A request's body into the document it is: JSON, a form with files, or a picture alone."""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

from sneakeraug.api.documents import (
    LONGEST_NAME,
    MAX_PICTURES,
    BatchRequest,
    CampaignFields,
    RecommendationRequest,
    SearchFields,
    SearchRequest,
)
from sneakeraug.api.problems import from_validation
from sneakeraug.errors import InputError, RequestError
from sneakeraug.export.manifest import LARGEST_BYTES
from sneakeraug.export.tables import MIME as TABLES
from sneakeraug.export.tables import TableKind
from sneakeraug.limits import Limits
from sneakeraug.rank.guards import parse_guards
from sneakeraug.records import Record

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
PICTURES: Final = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/tiff",
    "image/bmp",
    "image/gif",
)

MOST_PARTS: Final = 100
"""Fields and files of a form."""

MOST_VALUES: Final = 1_000
"""Fields, or members of lists, of a JSON document; base64 has neither colons nor commas."""

LONGEST_FIELD: Final = 2_000
"""Characters of a form's field that is no file."""

MANY: Final = "Several go to /v1/recommendations:batch, named images."

WEIGHT: Final = re.compile(r"[01](?:\.\d{0,3})?")
"""Of one kind in an Accept header (RFC 9110)."""

Fields = TypeVar("Fields", bound=Record)


@dataclass(frozen=True)
class GivenFile:
    """A file as it was sent, most often a picture.

    Attributes
    ----------
    name
        What messages call it.
    data
        Its bytes; text where they are still in base64.
    """

    name: str
    data: bytes | str

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises
        ------
        InputError
            If they are no base64.
        """
        if isinstance(self.data, bytes):
            return self.data
        try:
            return base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise InputError(
                f"The image of {self.name[:80]!r} is no base64 ({exc}); a picture's file in "
                "standard base64, without line breaks and without a data: address, is expected."
            ) from exc


Form = tuple[dict[str, list[str]], dict[str, list[GivenFile]]]
"""Fields and files by their names."""


def body_limits(limits: Limits) -> dict[str, int]:
    """Return the paths that have a body, and how many bytes it may have."""
    one = limits.max_bytes * 4 // 3 + 64 * 1024  # base64, and what stands around it
    return {
        "/v1/recommendations": one,
        "/v1/recommendations:batch": 3 * one,
        "/v1/catalog/search": one,
        "/v1/decisions": one,
        "/v1/exports": one,
        "/v1/exports:rebuild": one + LARGEST_BYTES,
        "/invocations": one,
    }


def read_recommendation(content_type: str, body: bytes) -> tuple[GivenFile, CampaignFields]:
    """Read one picture and its campaign, from JSON or a form.

    Raises
    ------
    RequestError, InputError
        If it is neither, or a field is wrong.
    """
    if media_type_of(content_type, JSON, FORM) == JSON:
        asked = from_json(RecommendationRequest, body)
        return GivenFile(asked.name, asked.image), asked
    fields, files = from_form(content_type, body, "image")
    return only_file(files, "image", MANY), from_fields(CampaignFields, fields)


def read_batch(content_type: str, body: bytes) -> tuple[list[GivenFile], CampaignFields]:
    """Read several pictures and their campaign, from JSON or a form.

    Raises
    ------
    RequestError, InputError
        If it is neither, or a field is wrong; of a picture nothing is looked at yet.
    """
    if media_type_of(content_type, JSON, FORM) == JSON:
        asked = from_json(BatchRequest, body)
        return [GivenFile(one.name, one.image) for one in asked.images], asked
    fields, files = from_form(content_type, body, "images")
    pictures = files["images"]
    if not 1 <= len(pictures) <= MAX_PICTURES:
        raise InputError(
            f"The form has {len(pictures)} files named images; 1 to {MAX_PICTURES} are expected."
        )
    return pictures, from_fields(CampaignFields, fields)


def read_search(content_type: str, body: bytes) -> tuple[GivenFile, SearchFields]:
    """Read a picture and which products may be found, from JSON or a form.

    Raises
    ------
    RequestError, InputError
        If it is neither, or a field is wrong.
    """
    if media_type_of(content_type, JSON, FORM) == JSON:
        asked = from_json(SearchRequest, body)
        return GivenFile(asked.name, asked.image), asked
    fields, files = from_form(content_type, body, "image")
    return only_file(files, "image", MANY), from_fields(SearchFields, fields)


def read_invocation(
    content_type: str, body: bytes, attributes: str
) -> tuple[GivenFile, CampaignFields]:
    """Read what SageMaker hands on: a picture alone with its campaign in a header, or JSON.

    Parameters
    ----------
    content_type
        ``image/…`` or ``application/json``.
    body
        A picture's file, or the JSON of a recommendation's request.
    attributes
        The custom attributes: a JSON object, or ``target=open_rate;industry=retail``.

    Raises
    ------
    RequestError, InputError
        If it is neither, or a field is wrong.
    """
    if media_type_of(content_type, JSON, *PICTURES) == JSON:
        asked = from_json(RecommendationRequest, body)
        return GivenFile(asked.name, asked.image), asked
    return GivenFile("picture", body), _from_attributes(attributes)


def read_accept(accept: str) -> TableKind:
    """Return the format of figures that a request's Accept header likes best; else ``json``."""
    best: tuple[float, TableKind] = (0.0, "json")
    kinds = {mime: kind for kind, mime in TABLES.items()} | {"*/*": "json", "application/*": "json"}
    for entry in accept.lower().split(","):
        mime, *options = (part.strip() for part in entry.split(";"))
        weight = next((option[2:] for option in options if option.startswith("q=")), "1")
        liking = float(weight) if WEIGHT.fullmatch(weight) else 0.0
        if mime in kinds and liking > best[0]:
            best = liking, kinds[mime]
    return best[1]


def read_json(document: type[Fields], content_type: str, body: bytes) -> Fields:
    """Read a body that is JSON and nothing else.

    Raises
    ------
    RequestError, InputError
        If it is not, or a field is wrong.
    """
    media_type_of(content_type, JSON)
    return from_json(document, body)


def _from_attributes(attributes: str) -> CampaignFields:
    if attributes.lstrip().startswith("{"):
        where = "The header of custom attributes"
        return from_json(CampaignFields, attributes.encode("utf-8", "replace"), where)
    fields: dict[str, list[str]] = defaultdict(list)
    for pair in filter(None, (part.strip() for part in attributes.replace(",", ";").split(";"))):
        name, separator, value = pair.partition("=")
        if not separator:
            raise InputError(
                f"The custom attribute {pair[:60]!r} cannot be used; name=value is expected, as in "
                "target=open_rate;industry=retail."
            )
        fields[name.strip()].append(value.strip())
    return from_fields(CampaignFields, fields)


def media_type_of(content_type: str, *known: str) -> str:
    """Return which of the known media types a request says it has.

    Raises
    ------
    RequestError
        If it is none of them.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in known:
        raise RequestError(
            f"The request's Content-Type is {kind[:60]!r}; one of these is expected: "
            f"{', '.join(known)}.",
            reason="media_type",
        )
    return kind


def from_json(document: type[Fields], body: bytes, where: str = "The request") -> Fields:
    """Return a document from its JSON; `where` begins what is said of a fault.

    Raises
    ------
    RequestError, InputError
        If it is no JSON, or a field is wrong.
    """
    if max(body.count(b":"), body.count(b",")) > MOST_VALUES:
        raise RequestError(
            f"{where} holds more than {MOST_VALUES:,} values; a few fields and pictures are "
            "expected. Send what docs/service.md shows.",
            reason="malformed",
        )
    try:
        return document.model_validate_json(body)
    except ValidationError as exc:
        raise from_validation(exc, where) from exc


def from_fields(document: type[Fields], fields: dict[str, list[str]]) -> Fields:
    """Return a document from text alone; an empty field is one left open.

    Raises
    ------
    InputError
        If a field is wrong, or given more often than is usual.
    """
    values: dict[str, Any] = {}
    for name, texts in fields.items():
        given = [text for text in texts if text]
        if name == "guard":
            values[name] = parse_guards(given)
        elif name == "brand":
            values[name] = given
        elif len(texts) > 1:
            raise InputError(f"The field {name[:60]!r} is given {len(texts)} times; once is usual.")
        elif given:
            values[name] = given[0]
    try:
        return document.model_validate(values)
    except ValidationError as exc:
        raise from_validation(exc) from exc


def only_file(files: dict[str, list[GivenFile]], name: str, advice: str) -> GivenFile:
    """Return the one file of a name; `advice` is said where there are others.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    found = files[name]
    if len(found) != 1:
        raise InputError(f"The form has {len(found)} files named {name}; one is expected. {advice}")
    return found[0]


def from_form(content_type: str, body: bytes, *known: str) -> Form:
    """Return a form's fields and files by name, all in memory; files have `known` names.

    Raises
    ------
    RequestError
        If it is no form, or one with more than is read.
    """
    fields: dict[str, list[str]] = defaultdict(list)
    files: dict[str, list[GivenFile]] = {name: [] for name in known}
    ended: list[bool] = []
    n_parts = 0

    def count() -> None:
        nonlocal n_parts
        n_parts += 1
        if n_parts > MOST_PARTS:
            raise FormParserError(f"more than {MOST_PARTS} parts")

    def on_field(part: Field) -> None:
        count()
        name = _text(part.field_name)
        if name in files:  # a file whose client gave it no name
            files[name].append(GivenFile("picture", part.value or b""))
            return
        value = _text(part.value)
        if len(value) > LONGEST_FIELD:
            raise FormParserError(f"the field {name[:60]} has {len(value):,} characters")
        fields[name].append(value)

    def on_file(part: File) -> None:
        count()
        name = _text(part.field_name)
        if name not in files:
            expected = " or ".join(known)
            raise FormParserError(f"a file is named {name[:60]!r}, and {expected} is expected")
        part.file_object.seek(0)
        called = _text(part.file_name)[-LONGEST_NAME:] or "picture"
        files[name].append(GivenFile(called, part.file_object.read()))

    _, options = parse_options_header(content_type)
    if b"boundary" not in options:
        raise _no_form("its Content-Type names no boundary")
    try:
        parser = FormParser(
            FORM,
            on_field,
            on_file,
            on_end=lambda: ended.append(True),
            boundary=options[b"boundary"],
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1},  # nothing is written to a disk
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError, AssertionError) as exc:
        raise _no_form(str(exc)) from exc
    if not ended:
        raise _no_form("it ends before its last boundary")
    return fields, files


def _no_form(why: str) -> RequestError:
    return RequestError(
        f"The form cannot be read ({why[:160]}). Send multipart/form-data with a file, as "
        "docs/service.md shows.",
        reason="malformed",
    )


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
