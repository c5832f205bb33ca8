"""Many pictures: `sneakeraug batch` against a notebook's loop, and against the bare network.

The peer does what the source design's notebook does, one picture at a time: Pillow decodes at full
size, OpenCV makes five edits, torchvision's eager fp32 ResNet50 reads the six one by one, XGBoost
scores what it gives. Its weights are not trained, which its speed does not feel. The bare network
is our encoder alone on prepared inputs, in the batches that a batch makes. Each round runs all of
them one after the other; medians over the rounds, in pictures (of six versions each) per second.

    python benchmarks/batch.py [--n 256] [--peer-n 16] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
import xgboost as xgb
from PIL import Image
from timing import machine, write_json

from sneakeraug import load
from sneakeraug.batch.inputs import Inputs
from sneakeraug.batch.look import Looked, look
from sneakeraug.batch.run import run_batch
from sneakeraug.batch.scorer import Scorer, Wanted
from sneakeraug.catalog.products import DEMO
from sneakeraug.settings import read_settings

SIDE_PX = 1200
PEER = "notebook's loop"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def write_photos(folder: Path, n: int) -> Path:
    """JPEGs of `SIDE_PX`, each of other bytes, made of the demo catalog's pictures."""
    sources = sorted(DEMO.glob("*.jpg"))
    for number in range(n):
        with Image.open(sources[number % len(sources)]) as image:
            size = (SIDE_PX, SIDE_PX * 3 // 4)
            photo = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC)).copy()
        photo[0, 0] = (number % 256, number // 256 % 256, 0)
        Image.fromarray(photo).save(folder / f"{number:06}.jpg", quality=90)
    return folder


class Notebook:
    """The peer: one picture at a time, everything eager.

    Parameters
    ----------
    size_px
        Side of the network's input, 224 in the source design.
    """

    def __init__(self, size_px: int) -> None:
        self.net = torchvision.models.resnet50(weights=None).eval()
        self.size_px = size_px
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(400, 1000)).astype(np.float32), rng.integers(2, size=400)
        self.trees = xgb.train(
            {"objective": "binary:logistic", "max_depth": 6}, xgb.DMatrix(x, label=y), 100
        )

    def edits(self, photo: np.ndarray) -> list[np.ndarray]:
        """Brighter, darker, original, rotated, sketch and swivel, as a notebook makes them."""
        h, w = photo.shape[:2]
        grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        blurred = 255 - cv2.GaussianBlur(255 - grey, (21, 21), 0)
        sketch = cv2.cvtColor(cv2.divide(grey, blurred, scale=256), cv2.COLOR_GRAY2RGB)
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=np.float32)
        turned = np.array(
            [[0.07 * w, 0.1 * h], [0.9 * w, 0], [0.9 * w, h], [0.07 * w, 0.9 * h]], dtype=np.float32
        )
        swivel = cv2.warpPerspective(
            photo, cv2.getPerspectiveTransform(corners, turned), (w, h), borderMode=1
        )
        return [
            cv2.convertScaleAbs(photo, alpha=1.0, beta=60),
            cv2.convertScaleAbs(photo, alpha=0.6, beta=0),
            photo,
            cv2.rotate(photo, cv2.ROTATE_90_CLOCKWISE),
            sketch,
            swivel,
        ]

    def score(self, path: Path) -> list[float]:
        """Probabilities of the six versions of a picture."""
        with Image.open(path) as image:
            photo = np.asarray(image.convert("RGB"))
        found = []
        for edit in self.edits(photo):
            small = cv2.resize(edit, (self.size_px, self.size_px), interpolation=cv2.INTER_AREA)
            x = (small.astype(np.float32) / 255 - MEAN) / STD
            with torch.inference_mode():
                row = self.net(torch.from_numpy(x.astype(np.float32).transpose(2, 0, 1)[None]))
            found.append(float(self.trees.predict(xgb.DMatrix(row.numpy()))[0]))
        return found


def rate(job: Callable[[], object], n: int) -> float:
    """Pictures per second of a job that is of `n` of them."""
    started = time.perf_counter()
    job()
    return n / (time.perf_counter() - started)


def main() -> None:
    """Print one table; write it as JSON where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=256, help="Pictures of a batch.")
    parser.add_argument("--peer-n", type=int, default=16, help="Pictures of the peer, in a round.")
    parser.add_argument("--peer-px", type=int, default=224, help="Side of the peer's input.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", help="auto, cpu or cuda.")
    parser.add_argument("--backend", help="auto, torch or openvino.")
    parser.add_argument("--json", type=Path, help="Write the figures here.")
    args = parser.parse_args()
    recommender = load(settings=read_settings(device=args.device, backend=args.backend))
    scorer = Scorer(recommender, Wanted())
    peer = Notebook(args.peer_px)
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        inputs = Inputs(write_photos(Path(name), args.n))
        items = list(inputs.items())

        def look_at(number: int) -> Looked:
            looked = look(inputs, items[number], scorer.limits, scorer.size_px)
            if not isinstance(looked, Looked):
                raise SystemExit(looked.error)
            return looked

        def look_at_all() -> None:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                for _ in pool.map(look_at, range(args.n)):
                    pass

        some = [look_at(number) for number in range(min(args.n, 32))]
        n_passes = max(1, args.n // len(some))
        encoded = scorer.encode(some)
        jobs: dict[str, tuple[Callable[[], object], int]] = {
            PEER: (
                lambda: [peer.score(Path(name) / items[i].name) for i in range(args.peer_n)],
                args.peer_n,
            ),
            "batch, all of it": (
                lambda: run_batch(inputs, Path(name) / "rows.parquet", scorer, overwrite=True),
                args.n,
            ),
            "the network alone": (
                lambda: [scorer.encode(some) for _ in range(n_passes)],
                n_passes * len(some),
            ),
            "decode and edits alone": (look_at_all, args.n),
            "scores and rows alone": (
                lambda: [scorer.score(some, encoded) for _ in range(n_passes)],
                n_passes * len(some),
            ),
        }
        peer.score(Path(name) / items[0].name)
        for _ in range(args.rounds):
            for what, (job, n) in jobs.items():
                rates.setdefault(what, []).append(rate(job, n))
    medians = {what: statistics.median(found) for what, found in rates.items()}
    ours, bare = medians["batch, all of it"], medians["the network alone"]
    report = {
        "machine": machine(),
        "device": recommender.device,
        "backend": recommender.backend,
        "model_id": recommender.model_id,
        "input_px": scorer.size_px,
        "peer_px": args.peer_px,
        "pictures": args.n,
        "rounds": args.rounds,
        "photos_per_second": medians,
        "over_the_notebook": ours / medians[PEER],
        "of_the_networks_rate": ours / bare,
    }
    print(
        f"{args.n} JPEGs of {SIDE_PX} px, {report['machine']}, {recommender.device}, "
        f"{recommender.backend}, {scorer.size_px} px"
    )
    for what, found in medians.items():
        print(f"{what:<28}{found:>10.1f} photos/s{found / medians[PEER]:>8.2f}×")
    print(f"share of the network's rate {100 * ours / bare:>9.0f} %")
    write_json(args.json, report)


if __name__ == "__main__":
    main()
