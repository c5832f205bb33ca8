"""An e-mail's hero as inboxes and as other eyes show it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.errors import InputError
from sneakeraug.export.colour_vision import MATRICES, invert_lightness, simulate_vision
from sneakeraug.export.picture import EmailPicture, fit_picture
from sneakeraug.export.preview import (
    VIEWS,
    VISIONS,
    read_pixels,
    render_inbox,
    render_visions,
)

PIXELS = arrays(np.uint8, (4, 4, 3))


@pytest.fixture
def hero(shoe: UInt8Array) -> EmailPicture:
    return fit_picture(shoe, 600, "jpeg")


@given(PIXELS)
def test_inverting_twice_gives_the_picture_and_keeps_how_colourful_it_is(
    pixels: UInt8Array,
) -> None:
    inverted = invert_lightness(pixels)
    assert np.array_equal(invert_lightness(inverted), pixels)
    assert np.array_equal(np.ptp(inverted, axis=-1), np.ptp(pixels, axis=-1))
    assert np.array_equal(inverted.argmax(axis=-1), pixels.argmax(axis=-1))


@pytest.mark.parametrize("deficiency", MATRICES)
def test_greys_are_seen_by_everybody_alike(deficiency: str) -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    seen = simulate_vision(greys, deficiency)
    assert np.abs(seen.astype(int) - greys).max() <= 1


@pytest.mark.parametrize(
    ("deficiency", "first", "second"),
    [
        ("protan", (200, 80, 0), (116, 116, 0)),
        ("deutan", (200, 80, 0), (142, 130, 0)),
        ("tritan", (0, 120, 255), (0, 142, 160)),
    ],
)
def test_colours_that_are_confused_come_closer(
    deficiency: str, first: tuple[int, int, int], second: tuple[int, int, int]
) -> None:
    pair = np.array([[first, second]], np.uint8)
    seen = simulate_vision(pair, deficiency).astype(int)
    before, after = (np.abs(p[0, 0] - p[0, 1]).sum() for p in (pair.astype(int), seen))
    assert after < 0.6 * before


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_shows_the_hero_and_asks_nobody(hero: EmailPicture, name: str) -> None:
    page = render_inbox(hero, '"><script>alert(1)</script>', VIEWS[name])
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http:" not in page
    assert ("data:image/" in page) == VIEWS[name].has_pictures
    assert f"max-width:{VIEWS[name].width_px}px" in page


def test_dark_leaves_the_picture_alone_and_inverted_does_not(hero: EmailPicture) -> None:
    light = render_inbox(hero, "A shoe", replace(VIEWS["dark"], theme="light"))
    dark, inverted = (render_inbox(hero, "A shoe", VIEWS[name]) for name in ("dark", "inverted"))

    def image(page: str) -> str:
        return page.split("base64,")[1].split('"')[0]

    assert image(dark) == image(light) != image(inverted)


def test_every_vision_is_a_picture_of_the_same_size(hero: EmailPicture) -> None:
    seen = render_visions(hero)
    assert set(seen) == set(VISIONS)
    for data in seen.values():
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (hero.width, hero.height)


def test_another_vision_is_refused(hero: EmailPicture) -> None:
    with pytest.raises(InputError, match="protan, deutan, tritan"):
        simulate_vision(read_pixels(hero), "dog")
