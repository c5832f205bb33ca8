"""One upload, end to end: this package against the notebook way, in one run on this machine.

The peer is the notebook of `notebook.py` with a 1,200 px JPEG. Ours is `Recommender.recommend`:
ranges, verdicts and alternates too. Each side has a process of its own, and they take turns; a time
is a median. Trust the ratios, not the milliseconds.

    python benchmarks/one_upload.py [--n 20] [--serving PYTHON] [--json FILE]

`--serving` is the Python of an environment with `requirements-serve.txt` alone, whose cold start
and memory are measured: where scikit-learn is installed, XGBoost imports it, which alone takes over
a second. All that is not the network (decoding, versions, squares, scores, ranges, alternates) is
given as a share of six int8 passes at 224 px, by a graph of the same weights made for that size
(nncf, a minute); `--n 0` leaves all timing out but the cold start and the memory.

Found by profiling: most of what is not the network are the measures of six pictures and the
background found for each; before photos were decoded at the size that is needed and scored at
320 px it was twice as much. An upload took 20 ms more than its parts: the matrix product of the
scores was large enough for OpenBLAS to share it between threads, which wait busily for 20 ms after
it, in the next upload's network. `scipy.stats`, for three calls that
`scipy.special` has too, was 0.7 s of a cold start; what is left of it is imports (0.7 to 0.9 s:
XGBoost, SciPy, pydantic, FAISS, OpenCV), the graph opened and its first pass (0.4 s). Opening the
graph in a thread beside the imports gained nothing: both hold Python's lock.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image
from timing import Job, Side, machine, time_sides, write_json

from sneakeraug import load
from sneakeraug.analysis import prepare_input
from sneakeraug.catalog.products import load_catalog
from sneakeraug.embed.preprocess import prepare_photos
from sneakeraug.settings import read_settings
from sneakeraug.vocabulary import CAMPAIGN_TYPES

PASSED_PX = 224
"""Side at which six int8 passes are the measure of all that is not the network."""

NOTEBOOK, OURS, NETWORK = "notebook way", "one upload", "  the network"
DECODE, SQUARES, SCORE = "  decode, six versions", "  squares and tones", "  another drop-down"
WIDE = f"six int8 passes at {PASSED_PX} px"

ALONE = """
import sys, time
from pathlib import Path
from sneakeraug import load
recommender, data = load(), Path(sys.argv[1]).read_bytes()
for _ in range(20):
    recommender.recommend(data)
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
print("torch" in sys.modules)
"""


def notebook_jobs(data: bytes) -> dict[str, Job]:
    """The source design's way."""
    from notebook import notebook_scorer

    score = notebook_scorer(PASSED_PX)
    return {NOTEBOOK: lambda: score(data)}


def our_jobs(data: bytes) -> dict[str, Job]:
    """One upload, and what it is made of."""
    recommender = load()
    analysis, encoder = recommender.analyse(data), recommender.model.encoder
    photos = [variant.photo for variant in analysis.variants]
    passed = prepare_photos(photos, encoder.size_px)
    campaigns = iter(list(CAMPAIGN_TYPES) * 1000)
    return {
        OURS: lambda: recommender.recommend(data),
        DECODE: lambda: prepare_input(data, recommender.settings.limits),
        SQUARES: lambda: prepare_photos(photos, encoder.size_px),
        NETWORK: lambda: encoder.encode_inputs(passed),
        SCORE: lambda: recommender.score(analysis, campaign_type=next(campaigns)),
    }


def wide_jobs(data: bytes) -> dict[str, Job]:
    """The weights as an int8 graph for squares of `PASSED_PX`."""
    from sneakeraug.embed.graph import convert_network, quantise_graph
    from sneakeraug.embed.openvino_encoder import OpenvinoEncoder, compile_graph
    from sneakeraug.embed.torch_encoder import TorchEncoder

    recommender = load(settings=read_settings(backend="torch"))
    weights = recommender.model.encoder.alone
    if not isinstance(weights, TorchEncoder):
        raise SystemExit("The weights did not open in torch.")
    photos = [variant.photo for variant in recommender.analyse(data).variants]
    inputs = [prepare_photos([photo], PASSED_PX) for photo in photos]
    graph = compile_graph(quantise_graph(convert_network(weights.net, PASSED_PX), inputs))
    encoder = OpenvinoEncoder(graph, weights.n_outputs, PASSED_PX)
    passed = prepare_photos(photos, PASSED_PX)
    return {WIDE: lambda: encoder.encode_inputs(passed)}


def upload() -> bytes:
    """A catalog picture as somebody would send it: a JPEG of 1,200 px."""
    catalog = load_catalog()
    with Image.open(catalog.image_path(catalog.products[0])) as image:
        buffer = io.BytesIO()
        image.resize((1200, 900), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def cold_start(python: str, data: bytes) -> tuple[float, float, bool]:
    """Seconds of a `recommend` in a new process; MB of a warm one; whether that imported torch."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.jpg"
        path.write_bytes(data)
        command = [python, "-m", "sneakeraug", "recommend", str(path)]
        took = []
        for _ in range(4):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
            took.append(time.perf_counter() - started)
        warm = [python, "-c", ALONE, str(path)]
        done = subprocess.run(warm, check=True, capture_output=True, text=True)  # noqa: S603
    kilobytes, has_torch = done.stdout.split()
    return float(np.median(took[1:])), int(kilobytes) / 1e3, has_torch == "True"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--serving", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    data = upload()
    document = {"machine": machine(), "n": args.n}
    print(f"{document['machine']}\n1,200 px JPEG")
    warm_s = 0.0
    if args.n:
        with ExitStack() as stack:
            makers = (notebook_jobs, our_jobs, wide_jobs)
            times = time_sides([stack.enter_context(Side(m, data)) for m in makers], args.n)
        medians = {name: float(np.median(some)) for name, some in times.items()}
        print(f"{'':<28}{'median ms':>10}{'fastest':>10}{'notebook over it':>18}")
        for name, some in times.items():
            ratio = medians[NOTEBOOK] / medians[name]
            print(f"{name:<28}{medians[name]:>10.1f}{some.min():>10.1f}{ratio:>17.1f}×")
        rest = sum(medians[name] for name in (DECODE, SQUARES, SCORE))
        share = rest / medians[WIDE]
        print(f"all but the network: {rest:.1f} ms, {share:.0%} of six int8 passes at 224 px")
        warm_s = medians[OURS] / 1e3
        document |= {"median_ms": medians, "all_but_the_network": share}
    cold_s, megabytes, has_torch = cold_start(args.serving, data)
    print(
        f"recommend in a new process: {cold_s:.2f} s (2.5 warm ones and a second: "
        f"{2.5 * warm_s + 1:.2f} s); imports torch: {'yes' if has_torch else 'no'}"
    )
    print(f"memory of a warm process: {megabytes:.0f} MB")
    document |= {"cold_s": cold_s, "resident_mb": megabytes, "imports_torch": has_torch}
    write_json(args.json, document)


if __name__ == "__main__":
    main()
