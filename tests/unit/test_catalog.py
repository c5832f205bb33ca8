from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sneakeraug.catalog import index
from sneakeraug.catalog.index import PictureIndex
from sneakeraug.catalog.products import load_catalog
from sneakeraug.errors import InputError, ProductError, StoreError
from sneakeraug.intake.decode import decode_photo
from sneakeraug.rank.alternates import Shelf
from sneakeraug.records import Product, ProductFilter
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
        assert min(photo.size) >= 600


def test_search_equals_brute_force() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(50, 16)).astype(np.float32)
    searched = PictureIndex(rows)
    query = rng.normal(size=16).astype(np.float32)
    allowed = np.sort(rng.choice(50, 20, replace=False))
    found, similarity = searched.nearest(query, 7, allowed)
    cosine = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    expected = allowed[np.argsort(-cosine[allowed])][:7]
    assert found.tolist() == expected.tolist()
    np.testing.assert_allclose(similarity, cosine[expected], atol=1e-5)
    assert len(searched.nearest(query, 5, np.array([], dtype=np.int64))[0]) == 0


def test_a_search_among_no_pictures_finds_none() -> None:
    searched = PictureIndex(np.empty((0, 16), dtype=np.float32))
    assert len(searched.nearest(np.ones(16, dtype=np.float32), 5)[0]) == 0


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


def clustered(n: int, rng: np.random.Generator) -> np.ndarray:
    centres = rng.normal(size=(40, 24))
    return (centres[rng.integers(40, size=n)] + 0.3 * rng.normal(size=(n, 24))).astype("f4")


def test_inverted_lists_are_kept_and_read_while_the_rows_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clustered(1500, np.random.default_rng(0))
    first = PictureIndex(rows, 1000, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {index.KEPT, index.KEPT_CARD}
    built: list[int] = []
    build = index._build

    def count(rows: np.ndarray) -> object:
        built.append(len(rows))
        return build(rows)

    monkeypatch.setattr(index, "_build", count)
    again = PictureIndex(rows, 1000, tmp_path)
    assert built == []
    for a, b in zip(first.nearest(rows[3], 5), again.nearest(rows[3], 5), strict=True):
        np.testing.assert_array_equal(a, b)
    PictureIndex(rows[:-1], 1000, tmp_path)  # a product was removed
    PictureIndex(rows[:-1], 1000, tmp_path)
    assert built == [1499]
    kept = tmp_path / index.KEPT
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.write_bytes(data)  # damaged: its hash is another
    PictureIndex(rows[:-1], 1000, tmp_path)
    (tmp_path / index.KEPT_CARD).write_text("[]")
    PictureIndex(rows[:-1], 1000, tmp_path)
    assert built == [1499] * 3


def test_an_index_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    rows = clustered(1500, np.random.default_rng(0))
    assert PictureIndex(rows, 1000, tmp_path / "file").nearest(rows[7], 1)[0].tolist() == [7]
    assert not list(tmp_path.glob("**/*partial*"))


SHOES = tuple(
    Product(
        product_id=str(i),
        name=f"Shoe {i}",
        brand=brand,
        price_cents=price,
        in_stock=in_stock,
        image=f"{i}.jpg",
    )
    for i, (brand, price, in_stock) in enumerate(
        [("Okivo", 5000, True), ("okivo", 9000, False), ("Velmora", None, True), ("", 7000, True)]
    )
)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param(ProductFilter(), ["0", "2", "3"], id="in stock unless asked otherwise"),
        pytest.param(ProductFilter(in_stock=False), ["0", "1", "2", "3"], id="all"),
        pytest.param(ProductFilter(brands=("OKIVO",), in_stock=False), ["0", "1"], id="brand"),
        pytest.param(ProductFilter(brands=("Okivo", "Velmora")), ["0", "2"], id="two brands"),
        pytest.param(ProductFilter(least_cents=6000), ["3"], id="least"),
        pytest.param(ProductFilter(most_cents=7000), ["0", "3"], id="most, no price is no fit"),
        pytest.param(ProductFilter(least_cents=5000, most_cents=5000), ["0"], id="both included"),
        pytest.param(ProductFilter(brands=("nobody",)), [], id="an unknown brand"),
    ],
)
def test_a_filter_leaves_the_same_products_one_by_one_and_by_columns(
    wanted: ProductFilter, left: list[str]
) -> None:
    assert [p.product_id for p in SHOES if wanted.fits(p)] == left
    rows = np.flatnonzero(Shelf(SHOES).among(wanted))
    assert [SHOES[row].product_id for row in rows] == left


def test_a_least_price_above_the_most_is_refused() -> None:
    with pytest.raises(InputError, match=r"least price 60\.00 is above the most, 59\.90"):
        ProductFilter(least_cents=6000, most_cents=5990)
