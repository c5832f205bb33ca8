from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sneakeraug.arrays import UInt8Array
from sneakeraug.dataset.photos import (
    NEAR_DUPLICATE_BITS,
    PhotoRow,
    difference_hash,
    group_products,
    list_photos,
    split_of,
)
from sneakeraug.dataset.vary import INGREDIENTS, Variation, compress, recompress
from sneakeraug.errors import InputError


def test_photos_of_one_product_never_fall_on_two_sides(shoe: UInt8Array) -> None:
    rng = np.random.default_rng(0)
    others = [rng.integers(0, 255, (64, 64, 3), dtype=np.uint8) for _ in range(3)]
    rescaled = cv2.resize(shoe, (200, 150), interpolation=cv2.INTER_AREA)
    photos = [shoe, rescaled, *others]
    rows = [
        PhotoRow(Path(f"{i}.jpg"), product, "s")
        for i, product in enumerate(["a", "b", "c", "d", "d"])
    ]
    groups = group_products(rows, [difference_hash(photo) for photo in photos])
    assert groups[0] == groups[1]  # one picture under two names
    assert groups[3] == groups[4]  # one product, two pictures
    assert len(set(groups)) == 3


def test_near_photos_are_found_as_a_comparison_of_every_two_would() -> None:
    rng = np.random.default_rng(0)
    bits = rng.random((300, 256)) < 0.2
    bits[:, :100] = False  # a plain background
    for i in range(100):  # copies that differ in 0 to 12 bits
        bits[200 + i] = bits[i]
        bits[200 + i, rng.choice(256, i % 13, replace=False)] ^= True
    rows = [PhotoRow(Path(f"{i}.jpg"), f"{i:03}", "s") for i in range(300)]
    near = (bits[:, None] != bits[None]).sum(axis=2) <= NEAR_DUPLICATE_BITS
    groups = np.array(group_products(rows, list(bits)))
    assert groups.tolist() == [f"{np.flatnonzero(row)[0]:03}" for row in near]
    assert len(set(groups)) < 300


def test_the_split_is_stable_and_of_the_stated_shares() -> None:
    sides = [split_of(f"product-{i}", 0) for i in range(20_000)]
    assert sides[:200] == [split_of(f"product-{i}", 0) for i in range(200)]
    assert sides.count("test") / 20_000 == pytest.approx(0.15, abs=0.01)
    assert sides.count("validation") / 20_000 == pytest.approx(0.05, abs=0.01)


def test_a_csv_names_products_and_leaves_other_kinds_and_views_without_up_out(
    tmp_path: Path,
) -> None:
    (tmp_path / "images.csv").write_text(
        "path,item_id,kind,brand,name,view\n"
        "x/a.jpg,1,sneaker,Acme,Run,\nx/b.jpg,2,sneaker,Acme,Run,side\nx/c.jpg,3,watch,,,\n"
        "x/d.jpg,1,sneaker,Acme,Run,outsole\nx/e.jpg,1,sneaker,Acme,Run,top\ny/f.jpg,4,,,,\n"
        "g.jpg,5,,,,\n",
        encoding="utf-8",
    )
    rows = list_photos(tmp_path)
    assert [(r.path.name, r.product_id, r.source) for r in rows] == [
        ("g.jpg", "5", tmp_path.name),
        ("a.jpg", "Acme: Run", "x"),
        ("b.jpg", "Acme: Run", "x"),
        ("f.jpg", "4", "y"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("missing", None, "There is no folder or CSV"),
        ("images.csv", "file\nx.jpg\n", "no column 'path'"),
        ("images.csv", "path\n", "No photo found"),
    ],
)
def test_a_collection_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        list_photos(tmp_path / name)


def test_variations_are_the_same_for_the_same_seed_and_leave_the_photo_alone(
    shoe: UInt8Array,
) -> None:
    before = shoe.copy()
    variation = Variation(clutter=[shoe])
    for seed in range(60):
        first = variation.vary(shoe, np.random.default_rng(seed))
        again = variation.vary(shoe, np.random.default_rng(seed))
        assert (first == again).all()
        assert first.dtype == np.uint8
        assert first.flags.c_contiguous
        assert min(first.shape[:2]) >= 24
        assert max(first.shape[:2]) <= 256
        assert recompress(first, np.random.default_rng(seed)).shape == first.shape
    assert (shoe == before).all()


def test_without_any_ingredient_nothing_varies(shoe: UInt8Array) -> None:
    nothing = Variation(())
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert (nothing.vary(shoe, rng) == shoe).all()
        assert nothing.strength(rng) == 1.0


@pytest.mark.parametrize("name", [name for name in INGREDIENTS if name != "strength"])
def test_every_ingredient_alone_changes_a_photo(shoe: UInt8Array, name: str) -> None:
    alone = Variation((name,), clutter=[np.ascontiguousarray(shoe[::-1])])
    varied = [alone.vary(shoe, np.random.default_rng(seed)) for seed in range(40)]
    assert any(v.shape != shoe.shape or (v != shoe).any() for v in varied)


def test_strengths_stay_within_what_is_said() -> None:
    rng = np.random.default_rng(0)
    strengths = [Variation().strength(rng) for _ in range(500)]
    assert min(strengths) < 0.7 < 1.3 < max(strengths)
    assert all(0.65 <= strength <= 1.35 for strength in strengths)
    assert 0.4 < np.mean([strength == 1.0 for strength in strengths]) < 0.6


def test_compression_keeps_colours_in_their_channels() -> None:
    photo = np.zeros((64, 64, 3), dtype=np.uint8)
    photo[..., 0] = 200
    for suffix in (".jpg", ".webp"):
        np.testing.assert_allclose(compress(photo, 90, suffix).mean((0, 1)), (200, 0, 0), atol=4)
