"""Fuzz a door with atheris, guided by coverage: `python tools/fuzz.py TARGET --seconds 300`.

Anything but a result or one of our own errors is a finding; it is written to ``runs/fuzz`` and
printed. Needs ``pip install atheris`` (Linux, CPython 3.11 or later); nothing else does.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

MOST_SEED_BYTES: Final = 20_000
"""Larger seeds only slow it down."""

MOST_SECONDS: Final = 5
"""Of a processor, for one input; more is a hang."""

MOST_MEGABYTES: Final = 1500

KINDS: Final = {
    "feed": (".csv", ".jsonl", ".xml"),
    "products": (".csv", ".jsonl", ".xml", ".zip"),
    "batch": (".csv", ".jsonl", ".zip"),
}
"""What the first byte of an input chooses from."""

Target = Callable[[bytes], object]


def picture(_: Path) -> Target:
    """Bytes of any picture format."""
    from sneakeraug.intake.decode import decode_photo

    return decode_photo


def page(_: Path) -> Target:
    """A shop's page."""
    from sneakeraug.collect.parse import parse_page

    return lambda data: parse_page(data, "https://shop.example/list")


def feed(_: Path) -> Target:
    """A table or feed; the first byte says which."""
    from sneakeraug.collect.feeds import read_records

    def read(data: bytes) -> None:
        for _ in read_records(io.BytesIO(data[1:]), f"a{_suffix('feed', data)}"):
            pass

    return read


def _suffix(target: str, data: bytes) -> str:
    """What the first byte chooses."""
    return KINDS[target][data[0] % len(KINDS[target])] if data else KINDS[target][0]


def products(folder: Path) -> Target:
    """What `import products` reads; the first byte says which kind of file."""
    from sneakeraug.collect.importer import Source

    def read(data: bytes) -> None:
        path = folder / f"a{_suffix('products', data)}"
        path.write_bytes(data[1:])
        source = Source(path)
        for row in source.rows():
            image = getattr(row, "image", "")
            if image and "://" not in image:
                source.files.read_picture(image, 100_000)

    return read


def batch(folder: Path) -> Target:
    """What `batch` reads; the first byte says which kind of file."""
    from sneakeraug.batch.inputs import Inputs
    from sneakeraug.limits import Limits

    def read(data: bytes) -> None:
        path = folder / f"a{_suffix('batch', data)}"
        path.write_bytes(data[1:])
        inputs = Inputs(path)
        inputs.measure()
        for item in inputs.items():
            inputs.read(item.name, Limits(max_bytes=100_000))

    return read


def events(folder: Path) -> Target:
    """What `import events` reads, CSV or Parquet."""
    from sneakeraug.dataset.events import read_history

    path = folder / "events"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        read_history(path, images=folder)

    return read


def request(_: Path) -> Target:
    """A request's body and headers; the first byte says to which route and of which kind."""
    from sneakeraug.api import reading

    kinds = (reading.JSON, f"{reading.FORM}; boundary=x", "image/png", f"{reading.FORM}; {{}}")

    def read(data: bytes) -> None:
        which, body = (data[0], data[1:]) if data else (0, b"")
        kind = kinds[which % 4].format(body[:40].decode("latin-1"))
        if which & 4:
            pictures, fields = reading.read_batch(kind, body)
        elif which & 8:
            given, found = reading.read_search(kind, body)
            found.among()
            given.read()
            return
        elif which & 16:
            given, fields = reading.read_invocation(kind, body, body.decode("latin-1")[:300])
            pictures = [given]
        else:
            given, fields = reading.read_recommendation(kind, body)
            pictures = [given]
        fields.campaign()
        for one in pictures:
            one.read()

    return read


def manifest(_: Path) -> Target:
    """The manifest of an export."""
    from sneakeraug.export.manifest import read_manifest

    return lambda data: read_manifest(data).to_json()


def model(folder: Path) -> Target:
    """A model folder's card and what says which model serves."""
    from sneakeraug import registry

    inside = folder / "m"
    inside.mkdir(exist_ok=True)

    def read(data: bytes) -> None:
        (inside / "card.json").write_bytes(data)
        (folder / "active.json").write_bytes(data)
        try:
            registry.active_models(folder)
        finally:
            registry.verify(inside)

    return read


TARGETS: Final = {
    make.__name__: make
    for make in (picture, page, feed, products, batch, events, request, manifest, model)
}


def seeds(target: str) -> Iterator[bytes]:
    """Small files of the hostile corpus, and good ones."""
    yield from (data for data in _files(target) if len(data) <= MOST_SEED_BYTES)


def _files(target: str) -> Iterator[bytes]:
    from hostile import corpus, pictures

    if target == "picture":
        yield from pictures.whole().values()
        yield from (one.data for one in pictures.two_at_once())
    elif target in KINDS:
        for one in [*corpus.tables(), *corpus.archives()]:
            if Path(one.name).suffix in KINDS[target]:
                yield bytes([KINDS[target].index(Path(one.name).suffix)]) + one.data
    elif target == "events":
        yield from (one.data for one in corpus.events())
    elif target == "request":
        for _, _, body in corpus.requests():
            yield from (bytes([number]) + body for number in range(24))
        yield b'\x00{"image":"QUJD","target":"open_rate","guard":{"unsubscribed":1.5}}'
        yield b"\x12target=open_rate;industry=retail"
    elif target == "page":
        pieces = list(_page_pieces())
        yield from (piece.encode() for piece in [*pieces, "".join(pieces)])
    else:
        yield from (one.data for one in corpus.documents())
        yield from (path.read_bytes() for path in (ROOT / "models").glob("*/card.json"))
        yield (ROOT / "models" / "active.json").read_bytes()
        yield _good_manifest()


def _page_pieces() -> Iterator[str]:
    """The forms in which a shop's page may name a product."""
    node = '{"@type":"Product","name":"A","image":"/a.jpg","offers":{"price":"1.299,00 €"}}'
    yield '<article itemscope itemtype="http://schema.org/Product"><p itemprop="name">A</p>'
    yield f'<script type="application/ld+json">{node}</script>'
    yield f'<script>window.__INITIAL_STATE__ = {{"a":[{node}]}};</script>'
    yield '<a href="/p" aria-label="A. By B. On sale for $5"><img srcset="/a 2x, /b 1x"></a>'
    yield '<base href="//x"><img src="/a.jpg">'


def _good_manifest() -> bytes:
    source = b'"source":{"sha256":"%s","width":96,"height":80,"format":"PNG"}' % (b"0" * 64)
    result = b'"result":{"sha256":"%s","n_bytes":9,"width":96,"height":80,' % (b"0" * 64)
    encoding = b'"encoding":{"kind":"png","colours":null},"ssim":0.99}'
    edit = b'"edit":{"augmentation":"rotate","parameters":{"angle":1.5,"box":[1,2],"x":null}}'
    head = b'{"schema":"sneakeraug.export/1","model_id":"m",' + source + b"," + edit + b","
    return head + result + encoding + b',"alt":"a","versions":{"pillow":"13"}}'


def main() -> None:
    """Fuzz one target until its time is over, or something is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    import atheris

    out = ROOT / "runs" / "fuzz"
    inputs = out / options.target
    inputs.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(options.target)):
        (inputs / f"seed-{number}").write_bytes(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
        os.environ["SNEAKERAUG_HOME"] = home
        with atheris.instrument_imports(
            include=["sneakeraug", "PIL", "bs4", "python_multipart", "zipfile", "csv"]
        ):
            from sneakeraug.errors import SneakeraugError

            read = TARGETS[options.target](Path(home))

        def run(data: bytes) -> None:
            started = time.process_time()
            said = "nothing was wrong"
            try:
                read(data)
            except SneakeraugError as exc:
                said = str(exc)
            if not said or "\n" in said:
                raise AssertionError(f"an error of no line or several: {said!r}")
            if time.process_time() - started > MOST_SECONDS:
                raise AssertionError("a hang")

        flags = [
            f"-max_total_time={options.seconds}",
            "-timeout=900",  # by the clock, of a machine that may be busy
            f"-rss_limit_mb={MOST_MEGABYTES}",
            f"-seed={options.seed}",
            f"-max_len={MOST_SEED_BYTES}",
            f"-artifact_prefix={out}/{options.target}-",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *flags, str(inputs)], run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
