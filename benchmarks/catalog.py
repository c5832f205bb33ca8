"""Searching a catalog: build time, memory, filtered queries and recall, at three sizes.

Rows are drawn as pictures of products lie: products apart on the sphere, pictures near theirs. The
peer is FAISS's flat index over the same rows with the same filter, in the same run.

    python benchmarks/catalog.py [--n 10000 --n 100000 --n 1000000]
"""

from __future__ import annotations

import argparse
import resource
import time

import faiss
import numpy as np

from sneakeraug.catalog.index import PictureIndex

D, K, QUERIES = 128, 10, 300
PICTURES_A_PRODUCT = 5
NOISE = 0.06
ALLOWED = 0.3
"""Share of products that the filter leaves."""


def draw(n: int, rng: np.random.Generator) -> np.ndarray:
    """Unit rows, shape ``(n, D)``; products in 64 families, pictures around products."""
    families = rng.normal(size=(64, D))
    n_products = max(1, n // PICTURES_A_PRODUCT)
    products = families[rng.integers(64, size=n_products)] + rng.normal(size=(n_products, D))
    rows = products[rng.integers(n_products, size=n)].astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows += NOISE * rng.normal(size=rows.shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, action="append")
    args = parser.parse_args()
    titles = ("rows", "build", "memory", "p50", "p99", "flat p50", "recall@10")
    print("".join(f"{title:>11}" for title in titles))
    for n in args.n or (10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(0)
        rows = draw(n, rng)
        queries = rows[rng.choice(n, QUERIES)] + NOISE * rng.normal(size=(QUERIES, D))
        queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
        allowed = np.flatnonzero(rng.random(n) < ALLOWED)
        started = time.perf_counter()
        index = PictureIndex(rows)
        build = time.perf_counter() - started
        flat = faiss.IndexFlatIP(D)
        flat.add(rows)
        chosen = np.zeros(n, dtype=np.bool_)
        chosen[allowed] = True
        bits = np.packbits(chosen, bitorder="little")
        ours, theirs, recall = [], [], []
        for query in queries:
            started = time.perf_counter()
            found, _ = index.nearest(query, K, allowed)
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
            _, exact = flat.search(query[None], K, params=parameters)
            theirs.append(time.perf_counter() - started)
            recall.append(np.isin(exact[0], found).mean())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        p50, p99 = np.percentile(ours, [50, 99]) * 1e3
        print(
            f"{n:>11,}{build:>9.1f} s{memory:>8.2f} GB{p50:>8.2f} ms{p99:>8.2f} ms"
            f"{1e3 * np.median(theirs):>8.2f} ms{np.mean(recall):>11.4f}",
            flush=True,
        )
    print(
        f"{QUERIES} queries each, a filter that leaves {ALLOWED:.0%}; memory is the process's peak"
    )


if __name__ == "__main__":
    main()
