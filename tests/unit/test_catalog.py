from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sneakeraug.catalog.index import PictureIndex
from sneakeraug.catalog.products import load_catalog
from sneakeraug.errors import ProductError, StoreError
from sneakeraug.intake.decode import decode_photo
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES


def test_the_demo_catalog_is_whole() -> None:
    catalog = load_catalog()
    types = Counter(p.sneaker_type for p in catalog.products)
    assert types == dict.fromkeys(SNEAKER_TYPES, 30)
    assert {p.gender for p in catalog.products} == set(GENDERS)
    assert len({p.brand for p in catalog.products}) >= 5
    assert len({(p.name, p.colour) for p in catalog.products}) == len(catalog)
    # a model comes in two or three colourways, of one brand and one type
    models = {(p.name, p.brand, p.sneaker_type, p.gender) for p in catalog.products}
    assert len(models) == len({p.name for p in catalog.products}) == 96
    for product in catalog.products:
        photo = decode_photo(catalog.image_bytes(product.product_id))
        assert min(photo.width, photo.height) >= 600


def test_search_equals_brute_force() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(50, 16)).astype(np.float32)
    index = PictureIndex(rows)
    query = rng.normal(size=16).astype(np.float32)
    allowed = np.sort(rng.choice(50, 20, replace=False))
    found, similarity = index.nearest(query, 7, allowed)
    cosine = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    expected = allowed[np.argsort(-cosine[allowed])][:7]
    assert found.tolist() == expected.tolist()
    np.testing.assert_allclose(similarity, cosine[expected], atol=1e-5)
    assert len(index.nearest(query, 5, np.array([], dtype=np.int64))[0]) == 0


def test_a_search_among_no_pictures_finds_none() -> None:
    index = PictureIndex(np.empty((0, 16), dtype=np.float32))
    assert len(index.nearest(np.ones(16, dtype=np.float32), 5)[0]) == 0


def test_a_large_catalog_is_searched_by_lists_and_finds_nearly_what_a_full_search_does() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(400, 24))
    rows = (centres[rng.integers(400, size=6000)] + 0.3 * rng.normal(size=(6000, 24))).astype("f4")
    exact, listed = PictureIndex(rows), PictureIndex(rows, exact_up_to=1000)
    allowed = np.flatnonzero(rng.random(6000) < 0.5)
    hits = []
    for query in rows[:60]:
        wanted, _ = exact.nearest(query, 10, allowed)
        found, similarity = listed.nearest(query, 10, allowed)
        assert set(found) <= set(allowed)
        assert np.all(np.diff(similarity) <= 0)
        hits.append(np.isin(wanted, found).mean())
    assert np.mean(hits) >= 0.98
    few = allowed[:7]  # so few that each is compared
    assert set(listed.nearest(rows[0], 10, few)[0]) == set(few)


HEADER = "product_id,name,brand,gender,sneaker_type,colour,price_cents,currency,image\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param("a,N,B,men,boat,red,1,USD,a.jpg\n", "row 2, sneaker_type: 'boat'", id="type"),
        pytest.param("a,N,B,cats,skate,red,1,USD,a.jpg\n", "row 2, gender: 'cats'", id="gender"),
        pytest.param("a,,B,men,skate,red,1,USD,a.jpg\n", "row 2, name", id="no name"),
        pytest.param("a,N,B,men,skate,red,-1,USD,a.jpg\n", "row 2, price_cents", id="price"),
        pytest.param(
            "a,N,B,men,skate,red,1,USD,a.jpg\n" * 2, "row 3, product_id: 'a' stands", id="twice"
        ),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, says: str) -> None:
    (tmp_path / "products.csv").write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(ProductError, match=says):
        load_catalog(tmp_path)


def test_a_picture_path_cannot_leave_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text(
        HEADER + "a,N,B,men,skate,red,1,USD,../../etc/passwd\n", encoding="utf-8"
    )
    catalog = load_catalog(tmp_path)
    assert catalog.image_path(catalog.products[0]) == tmp_path / "passwd"
    with pytest.raises(StoreError, match="cannot be read"):
        catalog.image_bytes("a")


def test_no_catalog_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"products\.csv is expected"):
        load_catalog(tmp_path)
