"""The network's input size: what each costs on this processor, and how well it names edits.

The weights of the model that serves, as an int8 graph for each size, on photos of products they
never saw. They were trained at one size; that others do worse is partly that.

    python benchmarks/input_size.py --images PHOTOS [--n 200] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from timing import machine, write_json

from sneakeraug.embed.encoder import join_encoded
from sneakeraug.embed.graph import convert_network, quantise_graph
from sneakeraug.embed.openvino_encoder import OpenvinoEncoder, compile_graph
from sneakeraug.embed.preprocess import prepare_photos
from sneakeraug.evaluate.metrics import first_neighbour_hits, mean_with_interval
from sneakeraug.training.backbone import open_served
from sneakeraug.training.collection import load_collection
from sneakeraug.training.int8_figures import make_variants_of, time_passes
from sneakeraug.training.six_fold import number_names
from sneakeraug.vocabulary import AUGMENTATIONS

SIZES_PX = (96, 112, 128, 160, 192, 224)
CALIBRATED_ON = 60
"""Photos of training products that ranges are taken from."""

ORIGINAL = AUGMENTATIONS.index("original")


def main() -> None:
    """Print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, action="append", required=True)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    network = open_served(None, "cpu")
    weights = network.encoder
    collection = load_collection(
        args.images, network.split_seed, lambda line: print(line, file=sys.stderr)
    )
    rng = np.random.default_rng(0)
    known, unseen = collection.indices("train"), collection.indices("test")
    known = rng.permutation(known)[:CALIBRATED_ON].tolist()
    unseen = sorted(rng.permutation(unseen)[: args.n].tolist())
    products = np.repeat(number_names([collection.groups[i] for i in unseen]), len(AUGMENTATIONS))
    labels = np.tile(np.arange(len(AUGMENTATIONS)), len(unseen))
    encoders, inputs, rows = {}, {}, []
    for size_px in SIZES_PX:
        print(f"{size_px} px", file=sys.stderr)
        seen = [prepare_photos(make_variants_of(collection, [i]), size_px) for i in known]
        graph = compile_graph(quantise_graph(convert_network(weights.net, size_px), seen))
        encoders[size_px] = OpenvinoEncoder(graph, weights.n_outputs, size_px)
        inputs[size_px] = seen[0]
        found = join_encoded(
            [encoders[size_px].encode(make_variants_of(collection, [i])) for i in unseen]
        )
        right = (found.outputs.argmax(axis=1) == labels).astype(np.float64)
        gallery = labels == ORIGINAL
        again = first_neighbour_hits(
            found.embeddings, found.embeddings[gallery], products, products[gallery]
        )[~gallery]
        rows.append(
            {
                "size_px": size_px,
                "accuracy": mean_with_interval(right, products, np.random.default_rng(0)),
                "found_again": float(again.mean()),
            }
        )
    times = time_passes(
        {
            str(size_px): lambda size_px=size_px: encoders[size_px].encode_inputs(inputs[size_px])
            for size_px in SIZES_PX
        }
    )
    print(f"{len(labels):,} variants of {len(unseen)} photos of unseen products, {machine()}")
    print(f"{'input':>8}{'six pictures':>15}{'edits named right':>32}{'found again':>14}")
    for row in rows:
        row["median_ms"] = float(np.median(times[str(row["size_px"])]))
        value, (low, high) = row["accuracy"]
        print(
            f"{row['size_px']:>5} px{row['median_ms']:>12.1f} ms"
            f"{f'{value:.2%} ({low:.2%} to {high:.2%})':>32}{row['found_again']:>14.2%}"
        )
    write_json(args.json, {"machine": machine(), "n_variants": len(labels), "sizes": rows})


if __name__ == "__main__":
    main()
