"""What models are told of the pictures a history names."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from history_data import Table, sends_of, silent, write

from sneakeraug.catalog.products import load_catalog
from sneakeraug.dataset.events import read_history
from sneakeraug.errors import (
    InputError,
)
from sneakeraug.training.backbone import open_backbone
from sneakeraug.training.sent_pictures import encode_sent
from sneakeraug.vocabulary import AUGMENTATIONS


def test_unnamed_augmentations_are_read_from_the_pictures(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    sends = sends_of(write(tmp_path, [r | {"augmentation": None} for r in rows]), trained, dataset)
    assert (sends.history.augmentations == -1).all()
    edits = sends.pictures.edits
    np.testing.assert_allclose(edits.sum(axis=1), 1, atol=1e-5)
    assert not np.isin(edits, [0, 1]).all()
    named = sends_of(write(tmp_path, rows), trained, dataset)
    assert np.isin(named.pictures.edits, [0, 1]).all()


def test_an_edited_file_belongs_to_the_original_of_its_product(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    sends = sends_of(write(tmp_path, rows), trained, dataset)
    labels, pictures = sends.pictures.edits.argmax(axis=1), sends.pictures
    is_original = labels == AUGMENTATIONS.index("original")
    np.testing.assert_array_equal(pictures.sources[is_original], pictures.measures[is_original])
    product_of = dict(zip(sends.of_row, [row["product_id"] for row in rows], strict=True))
    products = np.array([product_of[i] for i in range(len(pictures))])
    for product in np.unique(products):
        six = products == product
        assert six.sum() == 6
        assert len(np.unique(pictures.sources[six], axis=0)) == 1
        assert len(np.unique(pictures.identities[six], axis=0)) == 1


def test_one_file_with_several_augmentations_is_the_photo_they_were_made_from(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    originals = {r["product_id"]: r["image"] for r in rows if r["augmentation"] == "original"}
    named = [r | {"image": originals[r["product_id"]]} for r in rows]
    made = sends_of(write(tmp_path, named, "made.parquet"), trained, dataset)
    files = sends_of(write(tmp_path, rows, "files.parquet"), trained, dataset)
    assert len(made.pictures) == len(files.pictures) == 144
    bright = made.pictures.edits[:, 0] == 1
    assert (made.pictures.measures[bright, 0] > made.pictures.sources[bright, 0]).mean() > 0.8


def test_a_row_that_names_only_a_product_shows_the_catalogs_picture(
    rows: Table, trained: Path, tmp_path: Path
) -> None:
    known = [r | {"image": None} for r in rows]
    ids = sorted({r["product_id"] for r in rows})
    names = {
        pid: product.product_id for pid, product in zip(ids, load_catalog().products, strict=False)
    }
    known = [r | {"product_id": names[r["product_id"]]} for r in known]
    known[0] = known[0] | {"product_id": "no such product"}
    said: list[str] = []
    path = write(tmp_path, known)
    history = read_history(path).history
    encoder = open_backbone(trained / "small", "cpu").encoder
    sends = encode_sent(history, tmp_path, load_catalog(), encoder, said.append)
    assert len(sends) == len(history) - 1
    assert any("no such product" in line for line in said)
    assert len(sends.pictures) == 144


def test_an_unreadable_picture_leaves_its_sends_out_by_name(
    rows: Table, trained: Path, tmp_path: Path, dataset: Path
) -> None:
    shutil.copytree(dataset / "images", tmp_path / "images")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    rows[0] = rows[0] | {"image": "broken.jpg", "product_id": "broken"}
    said: list[str] = []
    history = read_history(write(tmp_path, rows), images=tmp_path).history
    encoder = open_backbone(trained / "small", "cpu").encoder
    sends = encode_sent(history, tmp_path, load_catalog(), encoder, said.append)
    assert len(sends) == 2999
    assert any("broken.jpg" in line for line in said)
    alone = history.take(np.flatnonzero(history.pictures == history.images.index("broken.jpg")))
    with pytest.raises(InputError, match=r"None of the .* pictures of the history can be read"):
        encode_sent(alone, tmp_path, load_catalog(), encoder, silent)
