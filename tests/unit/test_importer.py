"""Files as shops export them, good rows and bad ones, and archives that mean harm."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from sneakeraug.collect.importer import ImportedProduct, Reject, Source, read_sneaker_type
from sneakeraug.errors import InputError

MERCHANT_TSV = (
    "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tbrand\tgender\tcolor\t"
    "product_type\n"
    "A1\tDrift Pacer\tx\thttps://s.example/a\thttps://s.example/a.jpg\tin stock\t129.90 EUR\t"
    "Velmora\tfemale\tCoral\tShoes > Running\n"
    "A2\tCourt\tx\thttps://s.example/b\thttps://s.example/b.jpg\tout of stock\t89 EUR\tOkivo\t"
    "male\tWhite\tShoes > Tennis\n"
    "A3\tNo picture\tx\t\t\tin stock\t10 EUR\tOkivo\t\t\t\n"
)

MERCHANT_XML = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item><g:id>X1</g:id><title>Tempo &amp; Base</title><g:image_link>https://s.example/x.jpg</g:image_link>
<g:price>95.00 USD</g:price><g:brand>Lumaro</g:brand><g:gender>unisex</g:gender></item>
<item><g:id>X2</g:id><title>No price is fine</title><g:image_link>https://s.example/y.jpg</g:image_link></item>
<item><g:id>X1</g:id><title>Twice</title><g:image_link>https://s.example/z.jpg</g:image_link></item>
</channel></rss>"""

SHOPIFY = (
    "Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n"
    "drift,Drift,Velmora,Running,Color,Coral,D-1,129.00,https://cdn.example/1.jpg\n"
    "drift,,,,,,,,https://cdn.example/2.jpg\n"
    "cove,Cove High Top,Fernstep,Shoes,Color,Teal,C-1,59.00,https://cdn.example/3.jpg\n"
)


def read(path: Path, text: str, **columns: str) -> tuple[list[ImportedProduct], list[Reject]]:
    path.write_text(text, encoding="utf-8")
    rows = list(Source(path, columns).rows())
    return (
        [row for row in rows if isinstance(row, ImportedProduct)],
        [row for row in rows if isinstance(row, Reject)],
    )


def test_a_merchant_feed_as_tsv(tmp_path: Path) -> None:
    (first, second), (bad,) = read(tmp_path / "feed.tsv", MERCHANT_TSV)
    assert (first.product_id, first.name, first.brand) == ("A1", "Drift Pacer", "Velmora")
    assert (first.gender, first.sneaker_type, first.colour) == ("women", "running", "Coral")
    assert (first.price_cents, first.currency, first.in_stock) == (12990, "EUR", True)
    assert (second.sneaker_type, second.in_stock) == ("tennis_court", False)
    assert (bad.row, bad.product_id, bad.reason) == (4, "A3", "no image")


def test_a_merchant_feed_as_xml(tmp_path: Path) -> None:
    good, bad = read(tmp_path / "feed.xml", MERCHANT_XML)
    assert [p.name for p in good] == ["Tempo & Base", "No price is fine"]
    assert (good[0].price_cents, good[0].currency, good[1].price_cents) == (9500, "USD", None)
    assert bad == [Reject(3, "X1", "this product id stands there twice")]


def test_a_feed_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    good, bad = read(tmp_path / "feed.xml", MERCHANT_XML[: MERCHANT_XML.index("No price")])
    assert [p.product_id for p in good] == ["X1"]
    assert "breaks off here" in bad[-1].reason


def test_entities_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("top secret")
    text = MERCHANT_XML.replace(
        "<rss", f'<!DOCTYPE r [<!ENTITY s SYSTEM "file://{tmp_path}/secret">]><rss', 1
    ).replace("Tempo &amp; Base", "N&s;")
    good, _ = read(tmp_path / "feed.xml", text)
    assert all("secret" not in p.name for p in good)


def test_a_shopify_export_with_rows_that_only_add_pictures(tmp_path: Path) -> None:
    good, bad = read(tmp_path / "shopify.csv", SHOPIFY)
    assert [(p.product_id, p.sneaker_type) for p in good] == [
        ("D-1", "running"),
        ("C-1", "high_top"),
    ]
    assert not bad


def test_json_lines_and_a_line_that_is_none(tmp_path: Path) -> None:
    lines = [
        json.dumps({"sku": "1", "name": "A", "image": "a.jpg", "price": 59.9}),
        "{broken",
        json.dumps([1]),
        "",
        json.dumps({"sku": "2", "name": "B", "image": ["b.jpg", "c.jpg"], "price_cents": "4500"}),
    ]
    good, bad = read(tmp_path / "x.jsonl", "\n".join(lines))
    assert [(p.row, p.image, p.price_cents) for p in good] == [
        (1, "a.jpg", 5990),
        (5, "b.jpg", 4500),
    ]
    assert [(r.row, r.reason) for r in bad] == [
        (2, "the line is no JSON"),
        (3, "an object with named fields is expected"),
    ]


def test_a_column_can_be_named_and_a_wrong_name_shows_those_there(tmp_path: Path) -> None:
    text = "Artikel;Bezeichnung;Bild\n1;Schuh;a.jpg\n"
    good, _ = read(tmp_path / "x.csv", text, product_id="Artikel", name="Bezeichnung", image="Bild")
    assert good[0].name == "Schuh"
    with pytest.raises(InputError, match="no column 'Preis' for price; there is: artikel"):
        read(tmp_path / "x.csv", text, price="Preis")
    with pytest.raises(InputError, match="Unknown field 'cost'"):
        Source(tmp_path / "x.csv", {"cost": "Preis"})


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("../../etc/passwd", "neither a path in here nor an address"),
        ("/etc/passwd", "neither a path in here nor an address"),
        ("C:\\x.jpg", "neither a path in here nor an address"),
        ("file:///etc/passwd", "neither a path in here nor an address"),
        ("javascript://x/%0aalert(1)", "neither a path in here nor an address"),
    ],
)
def test_no_picture_is_read_from_outside(tmp_path: Path, image: str, why: str) -> None:
    path = tmp_path / "x.jsonl"
    good, (bad,) = read(path, json.dumps({"id": "1", "name": "A", "image": image}))
    assert not good
    assert why in bad.reason
    with pytest.raises(InputError, match="carries no picture"):
        Source(path).files.read_picture(image, 1000)


def test_names_stay_text_and_bad_rows_say_why(tmp_path: Path) -> None:
    text = (
        "id,name,image,price\n"
        "1,<b>Ünï</b> 👟 نعل,a.jpg,1\n"
        "2,,a.jpg,1\n"
        "3,C,a.jpg,free\n"
        "4,D,a.jpg,1,too,many\n"
        ",E,a.jpg,1\n"
        "'=1+1,'=cmd,a.jpg,1\n"
    )
    good, bad = read(tmp_path / "x.csv", text)
    assert [p.name for p in good] == ["<b>Ünï</b> 👟 نعل", "=cmd"]
    assert [(r.row, r.reason) for r in bad] == [
        (3, "no name"),
        (4, "price 'free' is no price"),
        (5, "6 cells under 4 headers"),
        (6, "no product id"),
    ]


def test_a_folder_of_pictures_is_one_product_each(tmp_path: Path) -> None:
    (tmp_path / "men").mkdir()
    (tmp_path / "men" / "red_runner.jpg").write_bytes(b"1")
    (tmp_path / "b.png").write_bytes(b"22")
    (tmp_path / "readme.md").write_text("x")
    (tmp_path / "out").symlink_to("/etc")
    source = Source(tmp_path)
    rows = list(source.rows())
    assert [(r.product_id, r.name) for r in rows if isinstance(r, ImportedProduct)] == [
        ("b.png", "b"),
        ("men/red_runner.jpg", "red runner"),
    ]
    assert source.files.read_picture("b.png", 10) == b"22"
    with pytest.raises(InputError, match="over 0 MB"):
        source.files.read_picture("b.png", 1)


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_zip_with_a_table_and_its_pictures(tmp_path: Path) -> None:
    table = b"id,name,image\n1,A,img/a.jpg\n"
    source = Source(packed(tmp_path / "x.zip", {"products.csv": table, "img/a.jpg": b"jpg"}))
    (row,) = source.rows()
    assert isinstance(row, ImportedProduct)
    assert source.files.read_picture(row.image, 100) == b"jpg"


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"../../evil.jpg": b"x"}, "leads out of it"),
        ({"/etc/evil.jpg": b"x"}, "leads out of it"),
        ({"a\\..\\..\\evil.jpg": b"x"}, "leads out of it"),
        ({"bomb.jpg": b"0" * 30_000_000}, "expands too far"),
        ({"readme.md": b"x"}, "neither a table nor a picture"),
    ],
    ids=["parent", "absolute", "backslash", "bomb", "empty"],
)
def test_a_zip_that_means_harm_is_refused(
    tmp_path: Path, members: dict[str, bytes], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        Source(packed(tmp_path / "x.zip", members))


def test_a_damaged_zip_is_said_for_its_table_and_for_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("products.csv", b"id,name,image\n1,Alpha,a.jpg\n")
        archive.writestr("a.jpg", b"picture of alpha")
    path.write_bytes(path.read_bytes().replace(b"1,Alpha", b"1,Aloha").replace(b"of al", b"of bl"))
    source = Source(path)
    with pytest.raises(InputError, match=r"'products.csv' cannot be read to its end \(BadZipFile"):
        list(source.rows())
    with pytest.raises(InputError, match=r"'a.jpg' cannot be read \(BadZipFile"):
        source.files.read_picture("a.jpg", 100)


def test_a_missing_file_and_an_unknown_kind_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        Source(tmp_path / "none.csv")
    (tmp_path / "x.exe").write_bytes(b"MZ")
    with pytest.raises(InputError, match="no table or zip"):
        Source(tmp_path / "x.exe")


def test_sneaker_types_in_shops_words() -> None:
    assert read_sneaker_type("Shoes > Trail Running") == "running"
    assert read_sneaker_type("skate") == "skate"
    assert read_sneaker_type("", "Canvas High-Top") == "high_top"
    assert read_sneaker_type(None, "Something") == "lifestyle"
