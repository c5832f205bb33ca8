"""A picture ready for e-mail, its HTML, and its manifest."""

from __future__ import annotations

import html.parser
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from export_data import SAMPLE, of_picture, recommendation
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.bounds import check_parameters
from sneakeraug.augment.transforms import choose_parameters, scale_strength
from sneakeraug.delivery import Delivery, deliver, rebuild
from sneakeraug.errors import InputError, ShapeError
from sneakeraug.export.likeness import measure_ssim
from sneakeraug.export.manifest import Manifest, read_manifest
from sneakeraug.export.picture import (
    ENDINGS,
    LEAST_SSIM,
    MAX_BYTES,
    WIDTHS_PX,
    fit_picture,
)
from sneakeraug.export.snippet import check_address, check_alt, propose_alt, write_snippet
from sneakeraug.limits import Limits
from sneakeraug.records import Recommendation
from sneakeraug.vocabulary import AUGMENTATIONS

Encode = Callable[..., bytes]


def delivered(augmentation: str = "swivel", **options: object) -> Delivery:
    return deliver(
        SAMPLE.read_bytes(),
        SAMPLE.name,
        recommendation(),
        augmentation,
        "A running shoe",
        Limits(),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", ENDINGS)
@pytest.mark.parametrize("width", WIDTHS_PX)
@pytest.mark.parametrize("augmentation", ["original", "rotate", "sketch"])
def test_a_picture_is_as_wide_as_asked_and_small_and_clean(
    shoe: UInt8Array, augmentation: str, width: int, kind: str
) -> None:
    made = delivered(augmentation, width_px=width, kind=kind).picture
    assert len(made.data) <= MAX_BYTES
    assert made.ssim >= LEAST_SSIM
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == (made.width, made.height) == (width, made.height)
        assert image.format == kind.upper()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"} | {
            "progressive",
            "progression",
        }
        assert not image.getexif()


def test_quality_is_the_highest_that_fits(shoe: UInt8Array) -> None:
    from sneakeraug.export.picture import encode_picture, resize_photo

    made = fit_picture(shoe, 600, "jpeg", max_bytes=30_000)
    quality = made.encoding.quality
    assert quality is not None
    assert quality < 95
    better = made.encoding.model_copy(update={"quality": quality + 1})
    assert len(made.data) <= 30_000 < len(encode_picture(resize_photo(shoe, 600), better))


def test_what_cannot_be_small_and_fine_at_once_is_refused_with_what_helps() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 600, 3), dtype=np.uint8)
    with pytest.raises(InputError, match=r"would look damaged \(likeness .*Choose 600 px"):
        fit_picture(noise, 1200, "jpeg", max_bytes=50_000)
    with pytest.raises(InputError, match=r"PNG needs .* KB at the least.*Choose JPEG or 600 px"):
        fit_picture(noise, 1200, "png", max_bytes=50_000)
    with pytest.raises(InputError, match="Choose a picture with less fine detail"):
        fit_picture(noise, 600, "jpeg", max_bytes=10_000)


@pytest.mark.parametrize(
    ("size", "said"),
    [((64, 400), "6.2 times as tall"), ((3000, 64), "would be 13 px high")],
    ids=["strip", "line"],
)
def test_a_strip_is_refused(size: tuple[int, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit_picture(np.zeros((size[1], size[0], 3), np.uint8), 600, "jpeg")


@pytest.mark.parametrize(
    ("width", "kind", "said"),
    [(700, "jpeg", "600 or 1,200 px"), (600, "gif", "jpeg or png")],
    ids=["width", "format"],
)
def test_another_width_or_format_is_refused(
    shoe: UInt8Array, width: int, kind: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        fit_picture(shoe, width, kind)  # type: ignore[arg-type]


def test_likeness_is_one_of_equals_and_falls_with_noise(shoe: UInt8Array) -> None:
    noise = np.random.default_rng(0).normal(0, 25, shoe.shape)
    noisy = np.clip(shoe + noise, 0, 255).astype(np.uint8)
    assert measure_ssim(shoe, shoe) == pytest.approx(1.0)
    assert measure_ssim(shoe, noisy) < 0.8
    with pytest.raises(ShapeError):
        measure_ssim(shoe, shoe[:-1])


def test_transparent_parts_stand_on_white_and_that_is_said(encode: Encode) -> None:
    cut_out = np.zeros((300, 400, 4), np.uint8)
    cut_out[100:200, 100:300] = (200, 30, 40, 255)
    source = encode(Image.fromarray(cut_out))
    made = deliver(source, "a.png", of_picture(source), "original", "A red box", Limits())
    assert "Transparent parts were placed on white." in made.notes
    assert any("enlarged" in note for note in made.notes)
    with Image.open(io.BytesIO(made.picture.data)) as image:
        corner = image.convert("RGB").getpixel((3, 3))
        assert image.mode == "RGB"
    assert isinstance(corner, tuple)
    assert min(corner) > 250


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "alt",
    ['"><script>alert(1)</script>', "Shoe & 'sole' <b>", "a\nb\r\tc", "{{ liquid }} *|MERGE|*"],
    ids=["markup", "quotes", "lines", "template language"],
)
def test_the_snippet_is_one_picture_whatever_its_text(shoe: UInt8Array, alt: str) -> None:
    made = fit_picture(shoe, 1200, "jpeg")
    tags = Tags()
    tags.feed(write_snippet(made, 'x".jpg', alt, "https://example.com/?a=1&b=2"))
    assert [tag for tag, _ in tags.tags] == ["a", "img"]
    image = tags.tags[1][1]
    assert image["alt"] == check_alt(alt)
    assert (image["width"], image["height"]) == ("600", "450")
    assert tags.tags[0][1]["href"] == "https://example.com/?a=1&b=2"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "ftp://x.org/a",
        "//x.org",
        "https://",
        "https://x.org/a b",
        "http://[",
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is no web address"):
        check_address("The link", address)


@pytest.mark.parametrize("alt", ["", " \n", "x" * 251], ids=["empty", "blank", "long"])
def test_an_alternative_text_has_1_to_250_characters(alt: str) -> None:
    with pytest.raises(InputError, match="1 to 250"):
        check_alt(alt)


@pytest.mark.parametrize(
    ("name", "augmentation", "said"),
    [
        ("ridge-runner_v2.jpg", "sketch", "Ridge runner v2, as a pencil sketch"),
        ("Running shoe on white", "original", "Running shoe on white"),
        ("IMG_2034.HEIC", "swivel", "Men's trail and hiking sneaker, turned towards the viewer"),
        ("20240102_101112.jpg", "original", "Men's trail and hiking sneaker"),
        ("9f86d081884c7d65.png", "rotate", "Men's trail and hiking sneaker, standing on its end"),
    ],
)
def test_the_proposed_text_says_what_is_seen(name: str, augmentation: str, said: str) -> None:
    assert propose_alt(name, augmentation, "trail_hiking", "men") == said


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_a_manifest_rebuilds_its_picture_to_the_bit(augmentation: str) -> None:
    made = delivered(augmentation)
    manifest = read_manifest(made.manifest.to_json().encode())
    assert manifest == made.manifest
    assert rebuild(manifest, SAMPLE.read_bytes(), Limits()) == made.picture.data


def test_a_large_upload_is_edited_smaller_and_rebuilt_to_the_bit_as_before(encode: Encode) -> None:
    with Image.open(SAMPLE) as image:
        large = image.convert("RGB").resize((3200, 2400))
    for kind in ("JPEG", "PNG"):
        source = encode(large, kind)
        made = deliver(source, "a", of_large(source), "swivel", "A shoe", Limits(), 1200)
        assert made.manifest.edit.side_px == 2828
        assert rebuild(made.manifest, source, Limits(), is_bounded=True) == made.picture.data
    earlier = changed(made.manifest, edit={"side_px": None}, result={"sha256": "0" * 64})
    with pytest.raises(InputError, match=r"3,200 × 2,400 px; a longer side of at most 2,828 px"):
        rebuild(earlier, source, Limits(), is_bounded=True)
    with pytest.raises(InputError, match="The rebuilt picture has sha256"):
        rebuild(earlier, source, Limits())


def of_large(source: bytes) -> Recommendation:
    """`of_picture` with the size of the picture itself."""
    found = of_picture(source)
    with Image.open(io.BytesIO(source)) as image:
        size = {"width": image.width, "height": image.height}
    return found.model_copy(update={"request": found.request.model_copy(update=size)})


def changed(manifest: Manifest, **parts: dict[str, object]) -> Manifest:
    document = json.loads(manifest.to_json())
    for part, values in parts.items():
        document[part] |= values
    return read_manifest(json.dumps(document).encode())


def test_another_source_is_refused(encode: Encode, shoe: UInt8Array) -> None:
    with pytest.raises(InputError, match="the very file that was exported from"):
        rebuild(delivered().manifest, encode(shoe), Limits())


def test_other_versions_that_write_other_bytes_are_named() -> None:
    manifest = changed(
        delivered().manifest, versions={"pillow": "1.0"}, result={"sha256": "0" * 64}
    )
    with pytest.raises(InputError, match=r"written with pillow 1\.0 \(here "):
        rebuild(manifest, SAMPLE.read_bytes(), Limits())


def test_other_versions_that_write_the_same_bytes_do_no_harm() -> None:
    made = delivered()
    manifest = changed(made.manifest, versions={"pillow": "1.0"})
    assert rebuild(manifest, SAMPLE.read_bytes(), Limits()) == made.picture.data


def test_a_changed_edit_is_noticed() -> None:
    manifest = changed(
        delivered("brighter").manifest,
        edit={"parameters": {"bias": 0.6, "floor": 0.1, "ceiling": 1.0}},
    )
    with pytest.raises(InputError, match="its edit or encoding was changed"):
        rebuild(manifest, SAMPLE.read_bytes(), Limits())


HOSTILE = {
    "nothing": b"",
    "no json": b"\x00\xff",
    "deep": b"[" * 50_000,
    "large": b" " * 200_000,
    "another schema": b'{"schema": "sneakeraug.export/9"}',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_no_manifest_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match="manifest") as caught:
        read_manifest(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("augmentation", "change", "said"),
    [
        ("sketch", {"line_radius": 50.0}, "line_radius 50"),
        ("sketch", {"line_radius": float("nan")}, "line_radius nan"),
        ("rotate", {"n_quarters": 10**400}, "n_quarters"),
        ("rotate", {"path": "/etc"}, "are expected"),
        ("swivel", {"box": [0.9, 0.1, 0.2, 0.8]}, "left, top, right and bottom"),
        ("swivel", {"colour": [1, 2, 999]}, "three numbers"),
        ("brighter", {"bias": None}, "bias None"),
    ],
)
def test_parameters_out_of_bounds_are_refused(
    shoe: UInt8Array, augmentation: str, change: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        check_parameters(augmentation, choose_parameters(shoe, augmentation) | change)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_what_this_version_makes_is_within_the_bounds(shoe: UInt8Array, augmentation: str) -> None:
    parameters = choose_parameters(shoe, augmentation)
    for strength in (0.1, 1.0, 1.5):
        check_parameters(augmentation, scale_strength(augmentation, parameters, strength))


def test_a_recommendation_of_another_picture_is_refused(encode: Encode, shoe: UInt8Array) -> None:
    with pytest.raises(InputError, match="not the picture of the recommendation"):
        deliver(encode(shoe), "a.png", recommendation(), "sketch", "A shoe", Limits())
