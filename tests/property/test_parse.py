"""Any bytes give a page of products or our own error, quickly."""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sneakeraug.collect.parse import parse_page
from sneakeraug.errors import ParseError

URL = "https://shop.example/list"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "name", "brand", "image", "offers", "price", "url", "sku", "color", "x"]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)

TAGS = st.sampled_from(
    [
        "<article>",
        "</article>",
        '<a href="/p/1" aria-label="',
        '">',
        "<img src='/a.jpg'>",
        "<img data-src=",
        '<p itemprop="name">',
        '<div itemscope itemtype="http://schema.org/Product">',
        "<dl><dd>A</dd><dd>B</dd></dl>",
        "<script>window.__INITIAL_STATE__ = {",
        '<script type="application/ld+json">',
        "</script>",
        "<base href='http://[x'>",
        "<link rel=next href='?p=2'>",
    ]
)


def check(data: bytes) -> None:
    try:
        page = parse_page(data, URL)
    except ParseError:
        return
    assert page.products
    for product in page.products:
        assert product.name
        assert product.image_url.startswith(("http://", "https://"))


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=2000))
@example(b"\xff\xfe<\x00a\x00")
@example(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
def test_any_bytes(data: bytes) -> None:
    check(data)


@settings(deadline=None, max_examples=150)
@given(st.lists(TAGS | st.text(max_size=20), max_size=25))
def test_any_heap_of_tags(pieces: list[str]) -> None:
    check("".join(pieces).encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=150)
@given(VALUES)
def test_any_json_ld(value: object) -> None:
    product = {"@type": "Product", "name": "N", "image": "/i.jpg", "offers": value, "brand": value}
    for node in (value, product):
        check(f'<script type="application/ld+json">{json.dumps(node)}</script>'.encode())
        check(f"<script>window.__INITIAL_STATE__ = {json.dumps({'a': node})};</script>".encode())
