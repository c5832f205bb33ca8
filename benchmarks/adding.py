"""Adding 1,000 products to 100,000: what is touched, and how long each step takes.

The 100,000 are put straight into a database of its own (rows and embeddings of pictures that are
drawn as in `catalog.py`, and no picture files: nothing may want them). The 1,000 come as a zip of
pictures by the real way: import, then the catalog as the model sees it. Counted are the pictures
that were decoded and went through the network; were it more than the new ones, the run fails.

    python benchmarks/adding.py [--known 100000] [--new 1000]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from catalog import draw
from PIL import Image
from sqlalchemy import insert

from sneakeraug import ingest
from sneakeraug.card import WEIGHTS, read_card
from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.catalog.products import load_catalog
from sneakeraug.offers import PARTS
from sneakeraug.recommend import Recommender
from sneakeraug.registry import chosen_folder
from sneakeraug.score.features import PICTURE_FEATURES
from sneakeraug.serving import load, serving_catalog
from sneakeraug.settings import Settings
from sneakeraug.store.db import transaction
from sneakeraug.store.tables import EncodedRow, PictureRow, ProductRow
from sneakeraug.vocabulary import SNEAKER_TYPES

AT_ONCE = 5_000


def fill(own: OwnCatalog, n: int, weights: str, rng: np.random.Generator) -> None:
    """Put known products into the database, as imports and the network left them."""
    outputs = rng.dirichlet(np.ones(PARTS[0]), n)
    measures = rng.random((n, len(PICTURE_FEATURES)))
    numbers = np.concatenate([outputs, draw(n, rng), measures], axis=1).astype(np.float32)
    hashes = rng.integers(0, 256, (n, 32), dtype=np.uint8)
    for start in range(0, n, AT_ONCE):
        some = range(start, min(n, start + AT_ONCE))
        names = [hashlib.sha256(f"known {i}".encode()).hexdigest() for i in some]
        pictures = [
            {
                "sha256": name,
                "file": f"{name}.jpg",
                "width": 1,
                "height": 1,
                "difference_hash": hashes[i].tobytes(),
            }
            for i, name in zip(some, names, strict=True)
        ]
        products = [
            {
                "product_id": f"known-{i:07d}",
                "name": f"Known {i}",
                "brand": f"Brand {i % 40}",
                "gender": "unisex",
                "sneaker_type": SNEAKER_TYPES[i % len(SNEAKER_TYPES)],
                "colour": "",
                "price_cents": 5000 + i % 9000,
                "currency": "EUR",
                "in_stock": True,
                "picture_sha256": name,
            }
            for i, name in zip(some, names, strict=True)
        ]
        encoded = [
            {"sha256": name, "weights_sha256": weights, "numbers": numbers[i].tobytes()}
            for i, name in zip(some, names, strict=True)
        ]
        with transaction(own.engine) as session:
            session.execute(insert(PictureRow), pictures)
            session.execute(insert(ProductRow), products)
            session.execute(insert(EncodedRow), encoded)


def pack(path: Path, n: int, rng: np.random.Generator) -> None:
    """A zip of `n` pictures, each another one: demo products, cropped and toned at random."""
    catalog = load_catalog()
    shoes = []
    for product in catalog.products:
        with Image.open(catalog.image_path(product)) as image:
            shoes.append(image.convert("RGB").resize((400, 300)))
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(n):
            left, top = rng.integers(0, 40, 2).tolist()
            toned = shoes[i % len(shoes)].crop((left, top, left + 340, top + 250))
            gain = rng.uniform(0.7, 1.0)
            toned = toned.point([round(level * gain) for level in range(256)] * 3)
            buffer = io.BytesIO()
            toned.save(buffer, "JPEG", quality=88)
            archive.writestr(f"new-{i:05d}.jpg", buffer.getvalue())


def timed(what: str, job: Callable[[], Any]) -> Any:
    """Run a job and print how long it took."""
    started = time.perf_counter()
    result = job()
    print(f"{what:<58}{time.perf_counter() - started:>9.1f} s", flush=True)
    return result


def main() -> None:
    """Print one line a step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--known", type=int, default=100_000)
    parser.add_argument("--new", type=int, default=1_000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        use_home(settings)
        card = read_card(chosen_folder(settings.models_dir, None, settings.model_id))
        own = open_own_catalog(settings)
        fill(own, args.known, card.files[WEIGHTS], rng)
        pack(Path(folder) / "new.zip", args.new, rng)
        recommender = load(settings=settings)  # the model, and pages of the database
        timed(f"{args.known:,} products read, index", lambda: read_again(recommender))
        check_none(recommender)

        n_decoded = 0
        check = ingest.check

        def count(data: bytes, name: str, chosen: Settings) -> Any:
            nonlocal n_decoded
            n_decoded += 1
            return check(data, name, chosen)

        ingest.check = count
        done = timed(
            f"import of {args.new:,} products",
            lambda: ingest.import_products(Path(folder) / "new.zip", {}, None, lambda _line: None),
        )
        timed("products read, new pictures encoded, index", lambda: read_again(recommender))
        n_encoded = recommender.n_newly_encoded
        timed("the same again", lambda: read_again(recommender))
        check_none(recommender)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{done.n_added:,} added, {done.n_changed:,} changed, {n_decoded:,} pictures decoded, "
            f"{n_encoded:,} encoded; {len(recommender.catalog):,} products, {memory:.1f} GB at most"
        )
        if not n_decoded == n_encoded == args.new:
            raise SystemExit("more than the new pictures was touched")


def read_again(recommender: Recommender) -> None:
    """Let alternates come from the products as they are now."""
    recommender.use_catalog(*serving_catalog(recommender.settings))


def check_none(recommender: Recommender) -> None:
    """Stop where a picture that is known went through the network."""
    if recommender.n_newly_encoded:
        raise SystemExit(f"{recommender.n_newly_encoded:,} known pictures were encoded again")


def use_home(settings: Settings) -> None:
    """Let the import, which reads the settings itself, see the same home."""
    ingest.get_settings = lambda: settings


if __name__ == "__main__":
    main()
