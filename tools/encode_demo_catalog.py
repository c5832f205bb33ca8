"""Send the demo catalog's pictures through a published model's network again.

For when the catalog's pictures, or what serving makes of a picture before the network, have
changed: a product's picture must be scored alike when it is offered and when it is uploaded.

    python tools/encode_demo_catalog.py sneakers-7
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from sneakeraug.card import CARD
from sneakeraug.catalog.products import load_catalog
from sneakeraug.files import file_sha256, write_bytes
from sneakeraug.offers import DEMO_PICTURES, save_pictures
from sneakeraug.registry import verify
from sneakeraug.settings import get_settings
from sneakeraug.training.backbone import open_served


def main() -> None:
    """Replace one file of a model and its hash in the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    args = parser.parse_args()
    network = open_served(args.model, "cpu")
    card = verify(network.folder)
    with tempfile.TemporaryDirectory() as folder:
        save_pictures(Path(folder), load_catalog(), network.encoder, get_settings().limits, print)
        data = (Path(folder) / DEMO_PICTURES).read_bytes()
    write_bytes(network.folder / DEMO_PICTURES, data)
    hashes = {DEMO_PICTURES: file_sha256(network.folder / DEMO_PICTURES)}
    card = card.model_copy(update={"files": card.files | hashes})
    write_bytes(network.folder / CARD, card.to_json().encode())
    verify(network.folder)
    print(f"{args.model}: {DEMO_PICTURES} written")


if __name__ == "__main__":
    main()
