"""Pages of every era and kind of mark-up to products, without any network."""

from __future__ import annotations

import json

import pytest

from sneakeraug.collect.parse import FoundProduct, parse_page
from sneakeraug.collect.values import (
    clean_text,
    join_address,
    read_gender,
    read_price,
    widest_of,
)
from sneakeraug.errors import ParseError

URL = "https://shop.example/men-sneakers?p=0"

JSON_LD = """<html><head><title>Shop</title>
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
 {"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":
  {"@type":"Product","name":"Drift &amp; Pace","brand":{"@type":"Brand","name":"Velmora"},
   "sku":"V-1","url":"/p/drift","image":["/img/1.jpg","/img/2.jpg"],"color":"Coral",
   "offers":{"@type":"Offer","price":"129.90","priceCurrency":"EUR"}}}]},
 {"@type":["Thing","Product"],"name":"Tempo","brand":"Okivo","sku":"O-2",
  "image":{"@type":"ImageObject","contentUrl":"https://cdn.example/t.jpg"},
  "offers":[{"@type":"AggregateOffer","lowPrice":80,"priceCurrency":"USD"}]}]}</script>
<link rel="next" href="?p=1"></head><body></body></html>"""

STATE = (
    "<html><body><script>window.__INITIAL_STATE__ = "
    + json.dumps(
        {
            "products": {
                "list": [
                    {
                        "productId": "9",
                        "styleId": "99",
                        "brandName": "Tarnhill",
                        "productName": 'Ridge {braces} "quoted"',
                        "price": "$43.99",
                        "color": "Olive",
                        "productUrl": "/p/ridge/product/9/color/3",
                        "msaImageId": "71abcDEFGHL",
                    },
                    {
                        "productId": "8",
                        "styleId": "88",
                        "brandName": "Tarnhill",
                        "productName": "Quarry",
                        "thumbnailImageUrl": "https://m.example/8.jpg",
                    },
                ]
            }
        }
    )
    + ";window.other = {};</script></body></html>"
)

STATE_OF_ONE = (
    '<script id="__NEXT_DATA__" type="application/json">'
    + json.dumps(
        {
            "detail": {
                "brandName": "Lumaro",
                "productName": "Mile",
                "genders": ["Womens"],
                "styles": [
                    {"styleId": "1", "color": "Sky", "images": [{"imageId": "81sky0000L"}]},
                    {"styleId": "2", "color": "Ink", "images": [{"imageId": "81ink0000L"}]},
                ],
            }
        }
    )
    + "</script>"
)

MICRODATA = """<article itemscope itemtype="http://schema.org/Product">
 <a href="/p/court/product/7"><img src="data:image/gif;base64,R0" data-src="/img/court.jpg"></a>
 <p itemprop="brand" itemscope><span itemprop="name">Fernstep</span></p>
 <p itemprop="name">Court Clean</p><p itemprop="color">Forest</p>
 <div itemprop="offers"><span itemprop="price" content="89.00">$89</span>
 <meta itemprop="priceCurrency" content="USD"></div></article>
 <div id="searchPagination"><a rel="next" class="invisible" href="?p=2">Next</a></div>"""

LABELS = """<div id="products">
 <article class="qY-z"><a href="/p/a/product/1"
  aria-label="Okivo - Halo Court. Color Scarlet. On sale for $59.99. MSRP $99.00. 39% off."></a>
  <img src="https://m.media-amazon.com/images/I/halo.jpg" alt=""></article>
 <article><a href="/p/b/product/2"
  aria-label="Harbor 84. By Brisk &amp; Fell. $99.00. Style: Navy. Rated 4 out of 5 stars."></a>
  <img srcset="/s.jpg 100w, /l.jpg 800w" alt=""></article>
 <article><a href="/c.html"
  aria-label="SLANDY LOW - Sneaker low - indigo - Diesel. Originalpreis 119,99&nbsp;€
 reduzierter Preis 83,99&nbsp;€"></a>
  <img src="/c.jpg" alt="SLANDY LOW"></article>
 <article><a href="/d"><img src="/d.jpg"></a><dl><dt>Brand</dt><dd>Lumaro</dd>
  <dt>Name</dt><dd>Nimbus</dd></dl></article></div>"""

OLD_LISTING = """<div id="searchResults">
 <a href="/velmora-drift" data-product-id="55"><img src="/images/z/1/55-p-2x.jpg">
 <span class="brandName">Velmora</span><span class="productName">Drift</span>
 <span class="price-6pm">$45.00</span></a></div>
 <a class="btn secondary" href="/shoes?p=1">Next »</a>"""

OLD_PRODUCT = """<script>var isProductPage = true; var productName = 'Oxford "X"';
 var brandName = "Bostonian"; var styleId = '123'; var productGender = "Mens";</script>
 <div id="prdImage"><h1><a>Bostonian</a><a><span>Oxford</span></a></h1></div>
 <a id="angle-3" href="http://shop.example/images/z/1/2/3/123-3-4x.jpg"></a>
 <span class="price">$95.00</span>"""


def parse(text: str, url: str = URL) -> list[FoundProduct]:
    return list(parse_page(text.encode(), url).products)


def test_json_ld_in_a_graph_and_a_list() -> None:
    page = parse_page(JSON_LD.encode(), URL)
    first, second = page.products
    assert page.source == "JSON-LD"
    assert page.next_url == "https://shop.example/men-sneakers?p=1"
    assert first.model_dump(exclude={"page_url"}) == {
        "product_id": "V-1",
        "name": "Drift & Pace",
        "brand": "Velmora",
        "gender": "men",
        "colour": "Coral",
        "price_cents": 12990,
        "currency": "EUR",
        "image_url": "https://shop.example/img/1.jpg",
        "product_url": "https://shop.example/p/drift",
    }
    assert (second.brand, second.price_cents, second.currency) == ("Okivo", 8000, "USD")
    assert second.image_url == "https://cdn.example/t.jpg"


def test_the_pages_state_with_braces_and_quotes_inside_its_text() -> None:
    first, second = parse(STATE, "https://shop.example/women-sneakers")
    assert first.name == 'Ridge {braces} "quoted"'
    assert (first.product_id, first.price_cents, first.gender) == ("99", 4399, "women")
    assert first.image_url == "https://m.media-amazon.com/images/I/71abcDEFGHL.jpg"
    assert second.image_url == "https://m.example/8.jpg"


def test_the_styles_of_one_product_are_products_of_their_own() -> None:
    found = parse(STATE_OF_ONE, "https://shop.example/p/mile")
    assert [(p.product_id, p.colour, p.gender) for p in found] == [
        ("1", "Sky", "women"),
        ("2", "Ink", "women"),
    ]


def test_microdata_prefers_a_lazy_pictures_own_address_and_sees_the_last_page() -> None:
    page = parse_page(MICRODATA.encode(), URL)
    (product,) = page.products
    assert (product.name, product.brand, product.colour) == ("Court Clean", "Fernstep", "Forest")
    assert (product.price_cents, product.currency) == (8900, "USD")
    assert product.image_url == "https://shop.example/img/court.jpg"
    assert page.next_url is None


def test_labels_in_four_orders() -> None:
    found = parse(LABELS)
    assert [(p.brand, p.name, p.price_cents) for p in found] == [
        ("Okivo", "Halo Court", 5999),
        ("Brisk & Fell", "Harbor 84", 9900),
        ("Diesel", "SLANDY LOW - Sneaker low", 8399),
        ("Lumaro", "Nimbus", None),
    ]
    assert [p.colour for p in found] == ["Scarlet", "Navy", "indigo", ""]
    assert found[1].image_url == "https://shop.example/l.jpg"


def test_templates_of_before_2018() -> None:
    page = parse_page(OLD_LISTING.encode(), "https://shop.example/mens-shoes")
    (product,) = page.products
    assert (product.product_id, product.brand, product.name) == ("55", "Velmora", "Drift")
    assert product.gender == "men"
    assert page.next_url == "https://shop.example/shoes?p=1"
    (one,) = parse(OLD_PRODUCT, "https://shop.example/product/123")
    assert (one.product_id, one.brand, one.name) == ("123", "Bostonian", 'Oxford "X"')
    assert (one.gender, one.price_cents) == ("men", 9500)


def test_a_robust_source_is_taken_and_a_later_one_fills_what_it_leaves_open() -> None:
    both = JSON_LD.replace('"color":"Coral",', "") + MICRODATA.replace("Court Clean", "Other")
    found = parse(both)
    assert [p.product_id for p in found] == ["V-1", "O-2"]
    name = '<p itemprop="name">'
    same = MICRODATA.replace(name, f'<meta itemprop="sku" content="V-1">{name}')
    assert parse(JSON_LD.replace('"color":"Coral",', "") + same)[0].colour == "Forest"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        "<html><body><h1>Nothing here</h1></body></html>",
        '<script type="application/ld+json">{"@type":"Product","name":"no picture"}</script>',
        '<script type="application/ld+json">{"@type":"Product",</script>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        "<script>window.__INITIAL_STATE__ = {broken</script>",
    ],
    ids=["empty", "words", "no products", "no picture", "broken JSON", "deep JSON", "broken state"],
)
def test_a_page_without_products_says_what_is_missing(text: str) -> None:
    with pytest.raises(ParseError, match="does not hold a product with a name and a picture"):
        parse(text)


def test_a_megabyte_attribute_and_deep_tags_cost_little() -> None:
    label = "x - " * 300_000
    long = f'<article><a href="/a" aria-label="{label}"><img src="/a.jpg" alt="A"></a></article>'
    assert len(parse(long)[0].name) <= 300
    deep = "<div>" * 50_000 + LABELS
    parse_page(deep.encode(), URL)


def test_a_page_over_the_limit_is_not_parsed() -> None:
    with pytest.raises(ParseError, match="at most 12 MB"):
        parse_page(b"<" * 12_000_001, URL)


def test_text_stays_text() -> None:
    hostile = {
        "@type": "Product",
        "name": "<script>alert(1)</script>\u202eevil\x00 👟 نعل",
        "brand": '"><img onerror=x>',
        "image": "/a.jpg",
        "sku": "=1+1",
    }
    written = json.dumps(hostile).replace("</", "<\\/")  # as pages do, or the script would end
    (product,) = parse(f'<script type="application/ld+json">{written}</script>')
    assert product.name.startswith("<script>alert(1)")
    assert "\x00" not in product.name
    assert "👟 نعل" in product.name


@pytest.mark.parametrize(
    ("value", "cents", "currency"),
    [
        ("$43.99", 4399, "USD"),
        ("149,95\xa0€", 14995, "EUR"),
        ("1.299,00 €", 129900, "EUR"),
        ("1,299.5", 129950, ""),
        (59.9, 5990, ""),
        ("EUR 60", 6000, "EUR"),
        ("free", None, ""),
        (None, None, ""),
        ("9" * 40, None, ""),
        (True, None, ""),
    ],
)
def test_prices_as_shops_write_them(value: object, cents: int | None, currency: str) -> None:
    assert read_price(value) == (cents, currency)


def test_genders_addresses_and_picture_sets() -> None:
    assert read_gender("/women-sneakers") == "women"
    assert read_gender("Womens") == "women"
    assert read_gender("Mens", "x") == "men"
    assert read_gender("omen") == ""
    assert join_address(URL, "../a b.jpg") == ""
    assert join_address(URL, "javascript:alert(1)") == ""
    assert join_address(URL, "//cdn.example/a.jpg#x") == "https://cdn.example/a.jpg"
    assert join_address(URL, "http://[bad") == ""
    assert widest_of("/s.jpg 1x, /l.jpg 2x") == "/l.jpg"
    assert clean_text(" a\n b\t") == "a b"
