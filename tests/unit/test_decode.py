from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import PhotoError
from sneakeraug.intake.decode import decode_photo, read_photo_bytes
from sneakeraug.limits import Limits

Encode = Callable[..., bytes]


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("JPEG", 12), ("WEBP", 14), ("AVIF", 14), ("HEIF", 14)],
)
def test_format_decodes_to_the_same_picture(
    shoe: UInt8Array, encode: Encode, kind: str, tolerance: float
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    photo = decode_photo(encode(shoe, kind, **({} if tolerance == 0 else {"quality": 90})))
    assert photo.format == kind
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.flags.c_contiguous
    assert photo.pixels.shape == shoe.shape
    assert np.abs(photo.pixels.astype(int) - shoe).mean() <= tolerance / 4


def test_exif_orientation_is_applied(shoe: UInt8Array, encode: Encode) -> None:
    image = Image.fromarray(shoe)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90° clockwise to view
    photo = decode_photo(encode(image, "JPEG", exif=exif.tobytes(), quality=95))
    assert photo.pixels.shape == (320, 240, 3)
    turned = np.rot90(shoe, k=-1)
    assert np.abs(photo.pixels.astype(int) - turned).mean() < 4


def test_transparency_is_placed_on_white_and_said(shoe: UInt8Array, encode: Encode) -> None:
    rgba = np.dstack([np.zeros_like(shoe), np.zeros(shoe.shape[:2], np.uint8)])
    photo = decode_photo(encode(rgba))
    assert photo.has_transparency
    assert (photo.pixels == 255).all()
    assert photo.warnings == ("Transparent parts were placed on white.",)


def test_opaque_alpha_is_not_called_transparent(shoe: UInt8Array, encode: Encode) -> None:
    rgba = np.dstack([shoe, np.full(shoe.shape[:2], 255, np.uint8)])
    assert not decode_photo(encode(rgba)).has_transparency


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_colour_mode_becomes_rgb(shoe: UInt8Array, encode: Encode, mode: str) -> None:
    image = Image.fromarray(shoe).convert(mode)
    photo = decode_photo(encode(image, "TIFF" if mode == "CMYK" else "PNG"))
    assert photo.pixels.shape == shoe.shape


def test_sixteen_bits_are_scaled_to_eight(encode: Encode) -> None:
    ramp = np.tile(np.linspace(0, 65535, 128).astype(np.uint16), (80, 1))
    photo = decode_photo(encode(Image.fromarray(ramp)))
    assert photo.pixels[0, 0, 0] == 0
    assert photo.pixels[0, -1, 0] == 255
    assert abs(int(photo.pixels[0, 64, 0]) - 128) <= 1


def test_embedded_profile_is_converted_to_srgb(shoe: UInt8Array, encode: Encode) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = decode_photo(encode(shoe, "PNG", icc_profile=lab.tobytes()))
    assert np.abs(same.pixels.astype(int) - shoe).max() <= 1


def test_broken_profile_is_ignored_and_said(shoe: UInt8Array, encode: Encode) -> None:
    photo = decode_photo(encode(shoe, "PNG", icc_profile=b"no profile at all"))
    assert (photo.pixels == shoe).all()
    assert "colour profile" in photo.warnings[0]


def test_animation_gives_its_first_frame_with_a_warning(shoe: UInt8Array, encode: Encode) -> None:
    frames = [Image.fromarray(np.full((80, 80, 3), level, np.uint8)) for level in (10, 240)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    photo = decode_photo(data)
    assert photo.pixels.mean() < 30
    assert photo.warnings == ("GIF animation: only its first frame was used.",)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *[(mode, "PNG") for mode in ("RGB", "RGBA", "LA", "P", "1", "I;16")],
        *[(mode, "TIFF") for mode in ("F", "CMYK")],
    ],
)
def test_a_side_that_is_enough_gives_the_means_of_the_pixels(
    shoe: UInt8Array, encode: Encode, mode: str, kind: str
) -> None:
    image = Image.fromarray(np.tile(shoe, (3, 3, 1))[:700, :903])
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    data = encode(image.convert(mode), kind)
    whole, small = decode_photo(data), decode_photo(data, side_px=200)
    assert small.size == whole.size == (903, 700)
    assert small.pixels.shape == (175, 226, 3)
    means = whole.pixels[:700, :900].reshape(175, 4, 225, 4, 3).mean(axis=(1, 3))
    assert np.abs(small.pixels[:, :225] - means).max() <= 2


def _png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "reason", "says"),
    [
        pytest.param(b"", "empty", "is empty", id="empty file"),
        pytest.param(b"just some words\n", "format", "is text", id="text named .jpg"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format", "is SVG", id="SVG"),
        pytest.param(b"%PDF-1.7", "format", "is PDF", id="PDF"),
        pytest.param(b"\xff\xd8\xff\xe0 no more", "format", "a damaged JPEG", id="JPEG stump"),
        pytest.param(_png_header(10, 10), "side", "at least 64 px", id="10 x 10"),
        pytest.param(_png_header(12001, 100), "side", "12,000 px", id="side too long"),
        pytest.param(_png_header(9000, 9000), "pixels", "81 megapixels", id="too many pixels"),
        pytest.param(_png_header(60000, 60000), "pixels", "far more pixels", id="bomb"),
        pytest.param(_png_header(3000, 3000), "truncated", "damaged or cut short", id="hollow"),
    ],
)
def test_bad_file_is_refused_with_what_to_do(data: bytes, reason: str, says: str) -> None:
    with pytest.raises(PhotoError, match=says) as caught:
        decode_photo(data, name="run.jpg")
    assert caught.value.reason == reason
    assert "\n" not in str(caught.value)
    assert "'run.jpg'" in str(caught.value)


def test_truncated_jpeg_is_refused(shoe: UInt8Array, encode: Encode) -> None:
    data = encode(shoe, "JPEG")
    with pytest.raises(PhotoError, match="cut short"):
        decode_photo(data[: len(data) // 2])


def test_file_over_the_size_limit_is_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    path.write_bytes(b"\xff\xd8" * 600)
    with pytest.raises(PhotoError, match="at most 0 MB") as caught:
        read_photo_bytes(path, Limits(max_bytes=1000))
    assert caught.value.reason == "too_large"


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="There is no picture file"):
        read_photo_bytes(tmp_path / "none.jpg", Limits())


def test_a_name_with_control_characters_cannot_break_the_message() -> None:
    with pytest.raises(PhotoError) as caught:
        decode_photo(b"x", name="a\n\x1b[31mred" + "b" * 500)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300
