"""Hostile tables, feeds, requests, manifests and cards."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

from hostile.kinds import Hostile, later
from hostile.pictures import good

NUMBERS = ("NaN", "inf", "-inf", "1e999", "-0.0", "9" * 400, "1_000", "0x10", "١٢", "1e-400", "")
"""What stands where a number is expected."""

DEEP = 100_000


def tables() -> Iterator[Hostile]:
    """Products, and lists of pictures, in files that harm whoever reads them."""
    head = "product_id,name,image,price\n"
    yield Hostile("no-end.csv", head.encode() + b'1,"' + b"x" * 5_000_000)
    yield Hostile("large-field.csv", head.encode() + b"1," + b"x" * 5_000_000 + b",a.jpg,1\n")
    yield later("large-head.csv", lambda: b"image," * 1_500_000)
    yield Hostile("many-cells.csv", head.encode() + b"," * 3_000_000 + b"\n")
    yield Hostile("nul.csv", head.encode() + b"1\0,a\0b,a.jpg,1\n")
    yield Hostile("not-utf8.csv", head.encode() + b"1,\xff\xfe,a.jpg,1\n")
    yield Hostile("utf16.csv", (head + "1,a,a.jpg,1\n").encode("utf-16"))
    yield Hostile("returns.csv", head.encode() + b"1,a\r,a.jpg,1\r\r\n" * 10_000)
    formula = '1,"=HYPERLINK(""http://x"")",=cmd|\'/c calc\'!A1,@SUM(1)\n'
    yield Hostile("formulas.csv", (head + formula).encode())
    rows = "".join(f"{n},a,a.jpg,{number}\n" for n, number in enumerate(NUMBERS))
    yield Hostile("numbers.csv", (head + rows).encode())
    paths = ("../a.jpg", "/etc/passwd", "C:\\a.jpg", "a\0.jpg", "~/a.jpg", "file:///etc/passwd")
    listed = [{"product_id": str(n), "name": "a", "image": p} for n, p in enumerate(paths)]
    yield Hostile("paths.jsonl", "\n".join(map(json.dumps, listed)).encode())
    yield Hostile("deep.jsonl", b'{"image":' * DEEP + b"1")
    yield Hostile("brackets.jsonl", b"[" * 3_000_000)
    yield Hostile("numbers.jsonl", b'{"image":"a.jpg","price":' + b"9" * 500_000 + b"}\n")
    yield Hostile("nan.jsonl", b'{"product_id":NaN,"name":Infinity,"image":"a.jpg","price":-1e999}')
    yield Hostile("long-line.jsonl", b'{"image":"' + b"x" * 5_000_000 + b'"}')
    yield Hostile("escapes.jsonl", b'{"product_id":"\\ud800","name":"\\udfff","image":"a\\ud83d"}')
    yield from feeds()


def feeds() -> Iterator[Hostile]:
    """Feeds in XML that unpack, or that ask for other files."""
    laughs = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    item = "<rss><channel><item><id>1</id><title>{}</title><image>a.jpg</image></item></channel>"
    yield Hostile("laughs.xml", f"<!DOCTYPE r [{laughs}]>{item.format('&a11;')}</rss>".encode())
    square = f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]>{item.format("&a;" * 50_000)}</rss>'
    yield Hostile("quadratic.xml", square.encode())
    for place in ("file:///etc/passwd", "http://127.0.0.1:1/a", "php://filter/x"):
        kind = place.partition(":")[0]
        head = f'<!DOCTYPE r [<!ENTITY x SYSTEM "{place}">]>'
        yield Hostile(f"{kind}-entity.xml", f"{head}{item.format('&x;')}</rss>".encode())
        head = f'<!DOCTYPE r [<!ENTITY % x SYSTEM "{place}"> %x;]>'
        yield Hostile(f"{kind}-parameter.xml", f"{head}{item.format('a')}</rss>".encode())
    yield Hostile("deep.xml", b"<rss>" + b"<a>" * 500_000)
    yield Hostile("attributes.xml", b"<rss " + b"".join(b'a%d="" ' % n for n in range(200_000)))
    yield Hostile("large-text.xml", item.format("x" * 12_000_000).encode())
    yield Hostile("included.xml", b'<rss><x:include xmlns:x="i" href="/etc/passwd"/></rss>')
    yield Hostile("utf7.xml", b'<?xml version="1.0" encoding="UTF-7"?><rss/>')
    yield Hostile("nothing.xml", b"")


EVENT = (
    "event_id,campaign_id,sent_at,campaign_type,industry,gender,sneaker_type,image,product_id,"
    "augmentation,propensity,open_rate,click_through,abandoned_cart,unsubscribed\n"
)


def events() -> Iterator[Hostile]:
    """Histories that are none."""
    row = "{n},c,2025-01-01,promotional,retail,women,running,a.jpg,p,original,{p},1,0,0,0\n"
    rows = "".join(row.format(n=n, p=number) for n, number in enumerate(NUMBERS))
    yield Hostile("numbers.csv", (EVENT + rows).encode())
    dates = ("0000-00-00", "9999999-01-01", "-1", "1e400", "2025-02-30", "now", "NaT")
    rows = "".join(row.format(n=n, p=0.5).replace("2025-01-01", d) for n, d in enumerate(dates))
    yield Hostile("dates.csv", (EVENT + rows).encode())
    yield Hostile("large-field.csv", EVENT.encode() + b"x" * 9_000_000)
    yield Hostile("no-end.csv", EVENT.encode() + b'"' + b"x\n" * 2_000_000)
    yield Hostile("many-columns.csv", b"a%d," * 20_000 + b"\n1\n")
    yield Hostile("nul.csv", EVENT.encode() + b"\0" * 1_000)
    yield Hostile("no-parquet.parquet", b"PAR1" + bytes(1_000) + b"PAR1")
    yield later("dictionary.parquet", _dictionary)
    yield later("nested.parquet", _nested)
    yield later("binary.parquet", _binary)
    whole = _dictionary()
    for percent in range(5, 100, 15):
        yield Hostile(f"cut-at-{percent}.parquet", whole[: len(whole) * percent // 100])
    yield Hostile("footer.parquet", whole[:-8] + b"\xff\xff\xff\x7fPAR1")


def _parquet(columns: dict[str, object]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def _dictionary() -> bytes:
    """Thousands of rows of one word of a kilobyte, in a few kilobytes."""
    return _parquet({name: ["x" * 1000] * 2_000 for name in EVENT.strip().split(",")})


def _nested() -> bytes:
    deep: object = 1
    for _ in range(50):
        deep = [deep]
    return _parquet({name: [deep] for name in EVENT.strip().split(",")})


def _binary() -> bytes:
    return _parquet({name: [b"\xff\xfe\0"] * 10 for name in EVENT.strip().split(",")})


def requests() -> Iterator[tuple[str, str, bytes]]:
    """Name, content type and body of what no service should follow."""
    form, picture = "multipart/form-data; boundary=x", base64.b64encode(good()).decode()
    field = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = b'--x\r\nContent-Disposition: form-data; name="image"; filename="%s"\r\n\r\n%s\r\n'
    kind = "application/json"
    yield "deep", kind, b'{"guard":' * DEEP + b"1"
    yield "brackets", kind, b"[" * 1_000_000
    yield "many-keys", kind, b"{" + b",".join(b'"k%d":1' % n for n in range(300_000)) + b"}"
    yield "many-values", kind, b'{"image":["AAAA"' + b',""' * 2_000_000 + b"]}"
    yield "same-key", kind, b"{" + b'"image":"AAAA",' * 300_000 + b'"name":"a"}'
    yield "digits", kind, b'{"image":"AAAA","n_alternates":' + b"9" * 1_000_000 + b"}"
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e-999"):
        body = f'{{"image":"{picture}","guard":{{"open_rate":{number}}}}}'
        yield f"guard-{number}", kind, body.encode()
        body = f'{{"image":"{picture}","n_alternates":{number}}}'
        yield f"alternates-{number}", kind, body.encode()
    yield "surrogates", kind, b'{"image":"AAAA","name":"\\ud800\\udc00\\ud800"}'
    yield "nul-name", kind, f'{{"image":"{picture}","name":"a\\u0000b"}}'.encode()
    yield "bad-base64", kind, b'{"image":"' + b"=" * 5_000_000 + b'"}'
    yield "spaced-base64", kind, b'{"image":"' + b" " * 5_000_000 + b'"}'
    yield "parts", form, field % (b"a", b"b") * 100_000
    yield "headers", form, b"--x\r\n" + b"A: b\r\n" * 500_000
    yield "long-header", form, b"--x\r\nContent-Disposition: " + b"a" * 5_000_000
    yield "boundaries", form, b"--x" * 2_000_000
    yield "returns", form, b"\r\n" * 3_000_000 + b"--x--"
    yield "path", form, file % (b"../../etc/passwd\0.jpg", b"x") + b"--x--\r\n"
    yield "page-name", form, file % (b"<script>alert(1)</script>.jpg", b"x") + b"--x--\r\n"
    encoded = file.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: x\r\n\r\n", 1)
    yield "encoding", form, encoded % (b"a.jpg", b"x") + b"--x--\r\n"


def documents() -> Iterator[Hostile]:
    """Manifests, cards and ``active.json`` that are none."""
    yield Hostile("deep.json", b'{"a":' * DEEP + b"1")
    yield Hostile("brackets.json", b"[" * 90_000)
    yield Hostile("digits.json", b'{"schema":' + b"9" * 90_000 + b"}")
    yield Hostile("nan.json", b'{"schema":"sneakeraug.export/1","source":{"width":NaN}}')
    yield Hostile("not-utf8.json", b'{"schema":"\xff\xfe"}')
    yield Hostile("large.json", b'{"schema":"' + b"x" * 5_000_000 + b'"}')
    yield Hostile("list.json", b"[]")
    yield Hostile("nothing.json", b"")
    yield Hostile("surrogate.json", b'{"schema":"\\ud800"}')
    yield Hostile("keys.json", b"{" + b",".join(b'"k%d":1' % n for n in range(9_000)) + b"}")
