"""Hostile pictures: cut short, damaged, larger than they seem, and two things at once."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw

from hostile.kinds import Hostile, later
from hostile.profiles import with_pipeline, with_table

SIDE: Final = (96, 80)
LARGE: Final = (6320, 6320)
DEEP: Final = (4470, 4470)
"""Just below the limit of 40 megapixels, and that of four channels of 16 bits: what is let in and
has to be decoded."""

MOST_BYTES: Final = 9_900_000
"""Just below the limit of a file."""

FLIPS: Final = 8
"""Damaged copies of each format."""


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn(mode: str = "RGB") -> Image.Image:
    """A few shapes, so that every format has something to pack."""
    image = Image.new("RGB", SIDE, "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse((10, 20, 80, 70), fill=(200, 40, 30))
    pen.line((0, 79, 95, 0), fill=(20, 60, 160), width=5)
    return image.convert(mode)


@lru_cache(maxsize=1)
def whole() -> dict[str, bytes]:
    """A good file of each format and of the variants whose decoding differs, by file name."""
    picture, frames = drawn(), [drawn().rotate(angle) for angle in (90, 180)]
    several = {"save_all": True, "append_images": frames}
    return {
        "plain.jpg": encode(picture, "JPEG", quality=85),
        "progressive.jpg": encode(picture, "JPEG", progressive=True),
        "cmyk.jpg": encode(drawn("CMYK"), "JPEG"),
        "plain.png": encode(picture, "PNG"),
        "palette.png": encode(drawn("P"), "PNG", transparency=3),
        "animated.png": encode(picture, "PNG", **several),
        "plain.gif": encode(picture, "GIF"),
        "animated.gif": encode(picture, "GIF", **several),
        "plain.webp": encode(picture, "WEBP"),
        "animated.webp": encode(picture, "WEBP", lossless=True, **several),
        "plain.tif": encode(picture, "TIFF"),
        "lzw.tif": encode(drawn("RGBA"), "TIFF", compression="tiff_lzw"),
        "jpeg.tif": encode(picture, "TIFF", compression="jpeg"),
        "pages.tif": encode(picture, "TIFF", compression="tiff_adobe_deflate", **several),
        "plain.bmp": encode(picture, "BMP"),
        "plain.avif": encode(picture, "AVIF", speed=10),
        "plain.heic": encode(picture, "HEIF"),
    }


def good() -> bytes:
    """A picture that every door takes."""
    return whole()["plain.jpg"]


def cut() -> Iterator[Hostile]:
    """Every format cut short at every 5 %."""
    for name, data in whole().items():
        for percent in range(5, 100, 5):
            yield Hostile(f"cut-at-{percent}-percent-{name}", data[: len(data) * percent // 100])


def damaged() -> Iterator[Hostile]:
    """Every format with bits turned over, half of the copies in their first bytes."""
    rng = random.Random(7)
    for name, data in whole().items():
        for number in range(FLIPS):
            changed = bytearray(data)
            reach = min(200, len(data)) if number % 2 else len(data)
            for _ in range(1 + number // 2):
                changed[rng.randrange(reach)] ^= 1 << rng.randrange(8)
            yield Hostile(f"bits-turned-{number}-{name}", bytes(changed))


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png(
    size: tuple[int, int] = SIDE,
    colour: int = 2,
    bits: int = 8,
    middle: bytes = b"",
    end: bytes = b"",
    pixels: bytes | None = None,
    pattern: bytes = b"",
) -> bytes:
    """A PNG of zeros, or of a pattern in the filter that takes longest (Paeth's); chunks may stand
    before its pixels and after them."""
    head = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0)
    if pixels is None:
        n = (size[0] * CHANNELS[colour] * bits + 7) // 8
        row = b"\4" + (pattern * (n // len(pattern) + 1))[:n] if pattern else bytes(n + 1)
        packer = zlib.compressobj(6 if pattern else 9)
        pixels = b"".join(packer.compress(row) for _ in range(size[1])) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + middle
        + chunk(b"IDAT", pixels)
        + end
        + chunk(b"IEND", b"")
    )


@lru_cache(maxsize=4)
def _zeros(n_bytes: int) -> bytes:
    """So many zeros, packed."""
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    packed = b"".join(packer.compress(block) for _ in range(n_bytes // len(block)))
    return packed + packer.flush()


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with segments before its others."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def claimed() -> Iterator[Hostile]:
    """Small files whose heads claim a picture that no machine holds."""
    files = whole()
    yield Hostile("60000x60000.png", png((60_000, 60_000), pixels=_zeros(1_000_000)))
    yield Hostile("9000x9000.png", png((9_000, 9_000), pixels=_zeros(1_000_000)))
    for place in (b"\xff\xc0", b"\xff\xc2"):
        data = bytearray(files["plain.jpg" if place[1] == 0xC0 else "progressive.jpg"])
        at = data.index(place) + 5
        data[at : at + 4] = b"\xff\xdc\xff\xdc"
        yield Hostile(f"65500x65500-{place.hex()}.jpg", bytes(data))
    data = bytearray(files["plain.gif"])
    data[6:10] = b"\xff\xff\xff\xff"
    yield Hostile("65535x65535.gif", bytes(data))
    for sides in ((100_000, 100_000), (0x7FFFFFFF, 0x7FFFFFFF), (-5, 80), (96, -2_000_000_000)):
        data = bytearray(files["plain.bmp"])
        data[18:26] = struct.pack("<ii", *sides)
        yield Hostile(f"{sides[0]}x{sides[1]}.bmp", bytes(data))
    for name in ("plain.avif", "plain.heic"):
        data = bytearray(files[name])
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", 60_000, 60_000)
        yield Hostile(f"60000x60000-{name}", bytes(data))
    canvas = b"VP8X" + struct.pack("<IB3x", 10, 2) + b"\xfe\xff\x00" * 2
    packed = files["plain.webp"][12:]
    size = struct.pack("<I", 4 + len(canvas) + len(packed))
    yield Hostile("65535x65535.webp", b"RIFF" + size + b"WEBP" + canvas + packed)
    yield Hostile("60000x60000.tif", tiff({256: (4, [60_000]), 257: (4, [60_000])}))


def tiff(changes: dict[int, tuple[int, list[int]]], rest: bytes = b"") -> bytes:
    """An uncompressed grey TIFF of `SIDE`; entries are type and values by tag."""
    entries = {
        256: (4, [SIDE[0]]),
        257: (4, [SIDE[1]]),
        258: (3, [8]),
        259: (3, [1]),
        262: (3, [1]),
        273: (4, [8]),
        277: (3, [1]),
        278: (4, [SIDE[1]]),
        279: (4, [SIDE[0] * SIDE[1]]),
    } | changes
    sizes = {3: "H", 4: "I", 7: "B"}
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    place = len(head) + 12 * len(entries) + 4
    listed, values = b"", b""
    for tag, (kind, numbers) in sorted(entries.items()):
        data = struct.pack(f"<{len(numbers)}{sizes[kind]}", *numbers)
        where = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", place + len(values))
        listed += struct.pack("<HHI", tag, kind, len(numbers)) + where
        values += data if len(data) > 4 else b""
    return head + listed + bytes(4) + values + rest


def many_parts() -> Iterator[Hostile]:
    """Files of up to 10 MB whose heads have more parts than anybody can look at."""
    jpeg, small = good(), png()
    n = MOST_BYTES
    exif = segment(0xE1, b"Exif\0\0xx")
    makers: dict[str, Callable[[], bytes]] = {
        "text-chunks.png": lambda: png(middle=chunk(b"tEXt", b"a\0") * (n // 14)),
        "text-chunks-after.png": lambda: png(end=chunk(b"tEXt", b"a\0") * (n // 14)),
        "empty-pixel-chunks.png": lambda: png(middle=chunk(b"IDAT", b"") * (n // 12)),
        "padding.jpg": lambda: after_start(jpeg, b"\xff" * n),
        "comments.jpg": lambda: after_start(jpeg, segment(0xFE, b"") * (n // 4)),
        "exif-pieces.jpg": lambda: after_start(jpeg, exif * (n // len(exif))),
        "profile-pieces.jpg": lambda: after_start(
            jpeg, segment(0xE2, b"ICC_PROFILE\0xx") * (n // 18)
        ),
        "comments.gif": lambda: _in_gif(b"\x21\xfe\x01x\x00" * (n // 5)),
        "a-long-comment.gif": lambda: _in_gif(
            b"\x21\xfe" + (b"\xff" + bytes(255)) * (n // 256) + b"\0"
        ),
        "tiles.tif": lambda: _tiles(n // 4 - 1000),
        "entries.tif": _entries,
        "exif-entries.png": lambda: png(middle=chunk(b"eXIf", _entries(n - 1000))),
        "trailing.png": lambda: small + bytes(n),
    }
    for name, make in makers.items():
        yield later(f"many-{name}", make)


def _in_gif(extension: bytes) -> bytes:
    data = whole()["plain.gif"]
    table = 3 * (2 << (data[10] & 7)) if data[10] & 0x80 else 0
    return data[: 13 + table] + extension + data[13 + table :]


def _tiles(n: int) -> bytes:
    offsets = (4, [8] * n)
    sides = {256: (4, [6000]), 257: (4, [6000]), 322: (4, [1]), 323: (4, [1])}
    return tiff(sides | {324: offsets})


def _entries(most: int = MOST_BYTES) -> bytes:
    """A TIFF whose 60,000 entries each hold the whole rest of the file."""
    n = 60_000
    place = 10 + 12 * n + 4
    entries = {tag: struct.pack("<HHII", tag, 1, most - place, place) for tag in range(1000, 61000)}
    fixed = {256: SIDE[0], 257: SIDE[1], 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: SIDE[1]}
    fixed[279] = SIDE[0] * SIDE[1]
    head = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fixed.items())
    rest = b"".join(list(entries.values())[: n - len(fixed)])
    return b"II*\0" + struct.pack("<IH", 8, n) + head + rest + bytes(4) + bytes(most - place)


def giant_text() -> Iterator[Hostile]:
    """Metadata of megabytes, or that unpacks to gigabytes."""
    packed, jpeg = _zeros(1_000_000_000), good()
    text = b"a\0\0" + packed
    yield Hostile("text-bomb-ztxt.png", png(middle=chunk(b"zTXt", b"a\0\0" + packed)))
    yield Hostile("text-bomb-itxt.png", png(middle=chunk(b"iTXt", b"a\0\1\0\0\0" + packed)))
    yield Hostile("text-bombs-ztxt.png", png(middle=chunk(b"zTXt", text) * 9))
    yield Hostile("profile-bomb.png", png(middle=chunk(b"iCCP", b"a\0\0" + packed)))
    yield Hostile("pixel-bomb.png", png(pixels=packed))
    yield Hostile("large-text.png", png(middle=chunk(b"tEXt", b"a\0" + b"x" * 9_000_000)))
    yield Hostile("large-exif.png", png(middle=chunk(b"eXIf", b"II*\0" + bytes(9_000_000))))
    blocks = [segment(0xE1, b"Exif\0\0" + bytes(65_000)) for _ in range(150)]
    yield Hostile("large-exif.jpg", after_start(jpeg, *blocks))
    pieces = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number + 1, 150)) + bytes(65_000))
        for number in range(150)
    ]
    yield Hostile("large-profile.jpg", after_start(jpeg, *pieces))
    profile = b"\0\0\0\x80" + bytes(32) + b"acsp" + bytes(88) + b"\xff" * 4 + bytes(2_000_000)
    yield Hostile("long-profile.png", encode(drawn(), "PNG", icc_profile=with_pipeline(60_000)))
    yield Hostile("broken-profile.png", encode(drawn(), "PNG", icc_profile=profile))


def two_at_once() -> Iterator[Hostile]:
    """Good pictures that are something else as well, and files named what they are not."""
    jpeg, picture, gif = good(), png(), whole()["plain.gif"]
    page = b"<html><script>alert(1)</script></html>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../evil.sh", b"#!/bin/sh")
    yield Hostile("jpeg-and-zip.jpg", jpeg + packed.getvalue(), is_picture=True)
    yield Hostile("png-and-page.png", png(middle=chunk(b"tEXt", b"a\0" + page)), is_picture=True)
    yield Hostile("page-behind.png", picture + page, is_picture=True)
    yield Hostile("gif-and-script.gif", gif[:-1] + b"\x21\xfe\x06*/a=1;\0;", is_picture=True)
    yield Hostile("jpeg-named.png", jpeg, is_picture=True)
    yield Hostile("png-named.jpg", picture, is_picture=True)
    for name, data in {
        "page.jpg": page,
        "drawing.jpg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "document.png": b"%PDF-1.7\n1 0 obj",
        "archive.png": packed.getvalue(),
        "program.jpg": b"MZ" + bytes(500),
        "program.png": b"\x7fELF" + bytes(500),
        "script.gif": b"GIF89a/*" + bytes(9) + b"*/=1;alert(1)",
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
        "nothing.jpg": b"",
        "zeros.jpg": bytes(100_000),
        "start-alone.jpg": b"\xff\xd8\xff",
        "long-name.jpg": b"x",
    }.items():
        yield Hostile(name, data)


def scans(size: tuple[int, int] = LARGE, most_bytes: int = MOST_BYTES) -> bytes:
    """A progressive JPEG whose last scan stands there again and again."""
    data = encode(Image.new("L", size, 128), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * ((most_bytes - len(data)) // len(last)) + b"\xff\xd9"


def profiled(mode: str, profile: bytes, **options: object) -> bytes:
    """A large JPEG with a profile, no pixel as the one before it, progressive."""
    image = Image.effect_noise((LARGE[0] // 4, LARGE[1] // 4), 200).resize(LARGE)
    options = {"progressive": True, "icc_profile": profile, **options}
    return encode(image.convert(mode), "JPEG", **options)


def heavy() -> Iterator[Hostile]:
    """What is just within the limits, in each form that takes the most memory or time."""
    palette = chunk(b"PLTE", bytes(768)) + chunk(b"tRNS", bytes(200))
    for colour, bits, middle in (
        (2, 8, b""), (6, 8, b""), (6, 16, b""), (4, 8, b""), (0, 16, b""), (3, 8, palette),
    ):  # fmt: skip
        yield later(
            f"large-{colour}-{bits}.png",
            lambda c=colour, b=bits, m=middle: png(LARGE, c, b, m),  # type: ignore[misc]
        )
    pattern = random.Random(7).randbytes(97)
    for size, colour, bits in ((LARGE, 2, 8), (LARGE, 6, 8), (LARGE, 4, 8), (DEEP, 6, 16)):
        yield later(
            f"filtered-{colour}-{bits}.png",
            lambda s=size, c=colour, b=bits: png(s, c, b, pattern=pattern),  # type: ignore[misc]
        )
    yield later("profile-cmyk.jpg", lambda: profiled("CMYK", with_table(4, 9), quality=20))
    yield later("profile-rgb.jpg", lambda: profiled("RGB", with_table(3, 17), quality=20))
    turned = Image.Exif()
    turned[0x0112] = 6
    for name, kind, mode, options in (
        ("cmyk.jpg", "JPEG", "CMYK", {"progressive": True}),
        ("turned.jpg", "JPEG", "RGB", {"exif": turned.tobytes()}),
        ("grey.gif", "GIF", "P", {}),
        ("plain.bmp", "BMP", "RGB", {}),
        ("opaque.webp", "WEBP", "RGB", {"lossless": True, "quality": 0, "method": 0}),
        ("clear.webp", "WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}),
        ("floats.tif", "TIFF", "F", {"compression": "tiff_adobe_deflate"}),
        ("cmyk.tif", "TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
        ("clear.tif", "TIFF", "RGBA", {"compression": "tiff_lzw"}),
        ("plain.avif", "AVIF", "RGB", {"speed": 10, "quality": 1}),
        ("clear.avif", "AVIF", "RGBA", {"speed": 10, "quality": 1}),
        ("plain.heic", "HEIF", "RGB", {"quality": 1}),
    ):  # fmt: skip
        if kind == "BMP":
            continue  # 120 MB: over the limit of bytes
        yield later(
            f"large-{name}",
            lambda k=kind, m=mode, o=options: encode(  # type: ignore[misc]
                Image.new(m, LARGE), k, **o
            ),
        )
    yield later("scans.jpg", scans)
    noise = encode(Image.effect_noise((2400, 2400), 90).convert("RGB"), "PNG")
    yield Hostile("noise.png", noise)
