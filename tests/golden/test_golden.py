"""Small pictures and help texts, compared with what was looked at and found good.

To change them on purpose, run `python tests/golden/test_golden.py` and look.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.catalog.products import DEMO
from sneakeraug.vocabulary import AUGMENTATIONS

HERE = Path(__file__).resolve().parent
SOURCE = "demo-running-01.jpg"
HELPS = {
    "help": ["--help"],
    "recommend": ["recommend", "--help"],
    "batch": ["batch", "--help"],
    "import-events": ["import", "events", "--help"],
    "train-embedder": ["train", "embedder", "--help"],
    "train-conversion": ["train", "conversion", "--help"],
    "train-int8": ["train", "int8", "--help"],
    "evaluate-conversion": ["evaluate", "conversion", "--help"],
    "learning-curve": ["evaluate", "learning-curve", "--help"],
    "models-activate": ["models", "activate", "--help"],
    "serve": ["serve", "--help"],
}


def small_shoe() -> UInt8Array:
    with Image.open(DEMO / SOURCE) as image:
        return np.asarray(image.convert("RGB").resize((160, 120), Image.Resampling.BOX))


def help_text(arguments: list[str]) -> str:
    from sneakeraug.cli import app

    result = CliRunner().invoke(app, arguments, prog_name="sneakeraug", env={"COLUMNS": "100"})
    return "\n".join(line.rstrip() for line in result.output.splitlines()) + "\n"


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmentation_looks_as_it_did(name: str) -> None:
    with Image.open(HERE / f"{name}.png") as image:
        golden = np.asarray(image.convert("RGB"))
    variant = apply_augmentation(small_shoe(), name).photo
    assert variant.shape == golden.shape
    # another OpenCV build may round otherwise; a look differs by more
    assert np.abs(variant.astype(int) - golden).mean() < 1.0


@pytest.mark.parametrize("name", HELPS)
def test_help_text_is_as_it_was(name: str) -> None:
    assert help_text(HELPS[name]) == (HERE / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for label in AUGMENTATIONS:
        Image.fromarray(apply_augmentation(small_shoe(), label).photo).save(HERE / f"{label}.png")
    for label, flags in HELPS.items():
        (HERE / f"{label}.txt").write_text(help_text(flags), encoding="utf-8")
