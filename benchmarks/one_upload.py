"""One upload, end to end: this package against the notebook way, in one run on this machine.

The peer is what the source design's notebook does: the picture at its full size, the same six
augmentations, one picture at a time through eager fp32 torch. Ours is `Recommender.analyse` and
`score`. Times are medians of `--n` uploads; trust the ratio, not the milliseconds.

    python benchmarks/one_upload.py [--n 20]
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from sneakeraug import load
from sneakeraug.augment.transforms import make_variants
from sneakeraug.intake.decode import decode_photo
from sneakeraug.settings import read_settings
from sneakeraug.vocabulary import CAMPAIGN_TYPES


def median_ms(job: Callable[[], object], n: int) -> float:
    """Median wall time of `n` runs after one to warm up, in milliseconds."""
    job()
    times = []
    for _ in range(n):
        started = time.perf_counter()
        job()
        times.append(1e3 * (time.perf_counter() - started))
    return statistics.median(times)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20)
    n = parser.parse_args().n
    recommender = load()
    eager = load(settings=read_settings(backend="torch")).model.encoder
    product = recommender.catalog.products[0]
    with Image.open(recommender.catalog.image_path(product)) as image:
        buffer = io.BytesIO()
        image.resize((2400, 1800), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=92)
    data = buffer.getvalue()

    def notebook() -> np.ndarray:
        photo = decode_photo(data).pixels
        return np.concatenate([eager.encode([v.photo]).outputs for v in make_variants(photo)])

    analysis = recommender.analyse(data)
    campaigns = iter(list(CAMPAIGN_TYPES) * (n + 1))
    rows = [
        ("notebook way: full size, one by one", median_ms(notebook, max(3, n // 4))),
        ("one upload: analyse and score", median_ms(lambda: recommender.recommend(data), n)),
        (
            "another drop-down: score alone",
            median_ms(lambda: recommender.score(analysis, campaign_type=next(campaigns)), n),
        ),
    ]
    ours = f"2,400 × 1,800 JPEG, {recommender.device}, {recommender.backend}"
    print(f"{ours:<40}{'median ms':>12}{'ratio':>9}")
    for name, ms in rows:
        print(f"{name:<40}{ms:>12.1f}{rows[0][1] / ms:>8.1f}×")


if __name__ == "__main__":
    main()
