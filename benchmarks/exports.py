"""Exports of our own pictures: are all small, how good are they, does every manifest rebuild them.

Every version of the samples and of some demo products, at both widths and in both formats. What
cannot be small and fine at once is refused, and counted as such.

    python benchmarks/exports.py [--n 2]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

from sneakeraug import load
from sneakeraug.delivery import Delivery, deliver, rebuild
from sneakeraug.errors import InputError
from sneakeraug.export.picture import ENDINGS, MAX_BYTES, WIDTHS_PX
from sneakeraug.ui.samples import load_samples
from sneakeraug.vocabulary import AUGMENTATIONS


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2, help="demo products beside the six samples")
    n = parser.parse_args().n
    recommender = load()
    catalog, limits = recommender.catalog, recommender.settings.limits
    step = max(1, len(catalog.products) // n) if n else 1
    pictures = [sample.read() for sample in load_samples()]
    pictures += [catalog.image_bytes(p.product_id) for p in catalog.products[::step][:n]]
    made: dict[tuple[int, str], list[Delivery]] = defaultdict(list)
    seconds: dict[tuple[int, str], list[float]] = defaultdict(list)
    asked = n_rebuilt = 0
    for data in pictures:
        found = recommender.recommend(data, n_alternates=0)
        for kind in ENDINGS:
            for width in WIDTHS_PX:
                for augmentation in AUGMENTATIONS:
                    asked += 1
                    started = time.perf_counter()
                    try:
                        done = deliver(
                            data, "shoe", found, augmentation, "A shoe", limits, width, kind
                        )
                    except InputError:
                        continue
                    seconds[width, kind].append(time.perf_counter() - started)
                    made[width, kind].append(done)
                    n_rebuilt += rebuild(done.manifest, data, limits) == done.picture.data
    print(f"{'':<14}{'made':>10}{'largest KB':>12}{'least SSIM':>12}{'median':>9}{'median s':>10}")
    for (width, kind), some in sorted(made.items()):
        sizes = [len(one.picture.data) for one in some]
        ssim = [one.picture.ssim for one in some]
        print(
            f"{width:>6,} {kind:<7}{len(some):>5}/{len(pictures) * len(AUGMENTATIONS):<4}"
            f"{max(sizes) / 1000:>12.1f}{min(ssim):>12.4f}{statistics.median(ssim):>9.4f}"
            f"{statistics.median(seconds[width, kind]):>10.2f}"
        )
    every = [one for some in made.values() for one in some]
    small = sum(len(one.picture.data) <= MAX_BYTES for one in every)
    print(f"at most 200 KB: {small} of {len(every)}; refused: {asked - len(every)} of {asked}")
    print(f"rebuilt to the bit: {n_rebuilt} of {len(every)}")


if __name__ == "__main__":
    main()
