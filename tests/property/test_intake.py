from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import PhotoError
from sneakeraug.intake.decode import Photo, decode_photo
from sneakeraug.intake.quality import judge_quality, measure_quality

MAGIC = (
    b"",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"RIFF\0\0\0\0WEBP",
)


def photo_or_error(data: bytes) -> Photo | PhotoError:
    """What decoding gives; anything else than a photo or our own error is a failure."""
    try:
        return decode_photo(data)
    except PhotoError as exc:
        return exc


def check(result: Photo | PhotoError) -> None:
    if isinstance(result, PhotoError):
        assert result.exit_code == 2
        assert "\n" not in str(result)
    else:
        assert result.pixels.dtype == np.uint8
        assert result.pixels.shape[2] == 3


@settings(max_examples=150, deadline=2000)
@given(st.sampled_from(MAGIC), st.binary(max_size=400))
def test_any_bytes_give_a_photo_or_our_own_error(magic: bytes, rest: bytes) -> None:
    check(photo_or_error(magic + rest))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_damage_to_a_real_file_gives_a_photo_or_our_own_error(
    shoe: UInt8Array, encode: object, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]))
    whole = bytearray(encode(shoe[:80, :96], kind))  # type: ignore[operator]
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    check(photo_or_error(bytes(whole[: data.draw(st.integers(1, len(whole)))])))


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 90), st.integers(8, 90), st.integers(0, 2**32 - 1))
def test_any_photo_is_judged_with_reasons_in_words(h: int, w: int, seed: int) -> None:
    photo = np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)
    quality = judge_quality(measure_quality(photo))
    assert (quality.verdict == "ok") == (not quality.reasons)
