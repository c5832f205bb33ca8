"""The catalog as the model sees it: every picture encoded once, searched for what fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from sneakeraug.analysis import decode_small
from sneakeraug.arrays import FloatArray, IntArray
from sneakeraug.catalog.index import PictureIndex
from sneakeraug.catalog.products import Catalog
from sneakeraug.embed.encoder import N_IDENTITY, Encoded, Encoder
from sneakeraug.errors import ModelError, PhotoError
from sneakeraug.limits import Limits
from sneakeraug.progress import Report, Step, silent
from sneakeraug.rank.alternates import Shelf, choose_alternates
from sneakeraug.records import Context, Product, ProductFilter
from sneakeraug.score.features import PICTURE_FEATURES, PictureRows, measure_picture
from sneakeraug.vocabulary import AUGMENTATIONS

if TYPE_CHECKING:
    from sneakeraug.store.encoded import EncodedPictures

PICTURES_AT_ONCE: Final = 32
"""Pictures encoded, and kept, together; a stop costs at most so many."""

IN_STOCK: Final = ProductFilter()
"""What is sold out is not offered, unless it is asked for."""

PARTS: Final = (len(AUGMENTATIONS), len(AUGMENTATIONS) + N_IDENTITY)
"""Where in a picture's numbers the outputs end, and the identity embedding."""

NOTHING: Final = np.empty((0, PARTS[-1] + len(PICTURE_FEATURES)), dtype=np.float32)


DEMO_PICTURES: Final = "demo-catalog.safetensors"
"""In a model folder, what its network says of the demo catalog: numbers by the picture's sha256."""


@dataclass(frozen=True)
class Offer:
    """Catalog pictures chosen as alternates, nearest first.

    Attributes
    ----------
    products
        What they show.
    similarity
        Cosine to the uploaded picture, one each.
    outputs, embeddings, measures
        Network outputs ``(n, 6)``, identity embeddings ``(n, d)`` and picture measures ``(n, 8)``,
        float32.
    note
        A sentence where the filter had to be widened, else None.
    """

    products: list[Product]
    similarity: list[float]
    outputs: FloatArray
    embeddings: FloatArray
    measures: FloatArray
    note: str | None

    def picture_rows(self) -> PictureRows:
        """Return what conversion models are told of the pictures: each is its own original."""
        return PictureRows(self.outputs, self.measures, self.measures, self.embeddings)


class EncodedCatalog:
    """A catalog's pictures with their network outputs, measures and index.

    Parameters
    ----------
    catalog
        Products and their pictures.
    encoder
        Sends every picture through the network, once.
    limits
        Checked before a picture is decoded.
    shipped
        What came with the model: numbers of pictures, by their hash.
    known
        What the network said of pictures before; None keeps nothing.
    index_folder
        Where a large catalog's search index is kept; None keeps nothing.
    report
        Called with a line of progress now and then.
    """

    def __init__(
        self,
        catalog: Catalog,
        encoder: Encoder,
        limits: Limits,
        shipped: Mapping[str, FloatArray] | None = None,
        known: EncodedPictures | None = None,
        index_folder: Path | None = None,
        report: Report = silent,
    ) -> None:
        names = [catalog.picture_sha256(product) for product in catalog.products]
        numbers = {name: shipped[name] for name in names if name in shipped} if shipped else {}
        if known:
            numbers |= known.read([name for name in names if name not in numbers])
        missing = {
            name: product
            for name, product in zip(names, catalog.products, strict=True)
            if name not in numbers
        }
        self.n_encoded = len(missing)
        for fresh in _encode(missing, catalog, encoder, limits, report):
            if known:
                known.write(fresh)
            numbers |= fresh
        shown = [(p, n) for p, n in zip(catalog.products, names, strict=True) if n in numbers]
        self._products = [product for product, _ in shown]
        self._shelf = Shelf(self._products)
        rows = np.stack([numbers[name] for _, name in shown]) if shown else NOTHING
        self._outputs, self._embeddings, self._measures = np.split(rows, PARTS, axis=1)
        self._index = PictureIndex(self._embeddings, folder=index_folder)

    def similarities(self, embedding: FloatArray) -> dict[str, float]:
        """Return each product's cosine to an embedding, shape ``(d,)``, by product id."""
        rows, similarity = self._index.nearest(embedding, len(self._products))
        return {
            self._products[row].product_id: float(value)
            for row, value in zip(rows, similarity, strict=True)
        }

    def choose(
        self,
        embedding: FloatArray,
        context: Context,
        n: int,
        among: ProductFilter = IN_STOCK,
    ) -> Offer:
        """Choose up to `n` products for a context, the most alike of the strictest filter first.

        Parameters
        ----------
        embedding
            Of the uploaded picture, shape ``(d,)``, float32.
        context
            Its sneaker type and gender are the filter.
        n
            Alternates wanted.
        among
            Which products may be chosen at all.
        """

        def search(k: int, allowed: IntArray) -> tuple[IntArray, FloatArray]:
            return self._index.nearest(embedding, k, allowed)

        chosen, note = choose_alternates(self._shelf, context, n, search, among)
        rows = [row for row, _ in chosen]
        return Offer(
            [self._products[row] for row in rows],
            [similarity for _, similarity in chosen],
            self._outputs[rows],
            self._embeddings[rows],
            self._measures[rows],
            note,
        )


def save_pictures(
    folder: Path, catalog: Catalog, encoder: Encoder, limits: Limits, report: Report = silent
) -> None:
    """Write what a network says of a catalog's pictures into its model folder."""
    pictures = {catalog.picture_sha256(product): product for product in catalog.products}
    numbers: dict[str, FloatArray] = {}
    for fresh in _encode(pictures, catalog, encoder, limits, report):
        numbers |= fresh
    save_file(numbers, folder / DEMO_PICTURES)


def load_pictures(folder: Path) -> dict[str, FloatArray]:
    """Return what `save_pictures` wrote; nothing where a model came without.

    Raises
    ------
    ModelError
        If it is no such file.
    """
    path = folder / DEMO_PICTURES
    try:
        return load_file(path) if path.is_file() else {}
    except (OSError, SafetensorError) as exc:
        raise ModelError(
            f"Model file {DEMO_PICTURES} of {folder.name!r} cannot be read "
            f"({type(exc).__name__}). Restore the model folder from where it was published."
        ) from exc


def _encode(
    pictures: Mapping[str, Product],
    catalog: Catalog,
    encoder: Encoder,
    limits: Limits,
    report: Report,
) -> Iterator[dict[str, FloatArray]]:
    """Numbers of some products' pictures, by their hash, some at a time."""
    for start in range(0, len(pictures), PICTURES_AT_ONCE):
        some = islice(pictures.items(), start, start + PICTURES_AT_ONCE)
        yield _encode_some(dict(some), catalog, encoder, limits, report)
        n_done = min(len(pictures), start + PICTURES_AT_ONCE)
        report(Step(n_done, len(pictures), "pictures encoded"))


def _encode_some(
    pictures: Mapping[str, Product],
    catalog: Catalog,
    encoder: Encoder,
    limits: Limits,
    report: Report,
) -> dict[str, FloatArray]:
    """Numbers of some products' pictures, by their hash; those that cannot be read are named."""
    photos = {}
    for name, product in pictures.items():
        try:
            photos[name] = decode_small(catalog.image_path(product), limits)
        except PhotoError as exc:
            report(f"{product.product_id[:60]} is not offered: {exc}")
    if not photos:
        return {}
    encoded = encoder.encode(list(photos.values()))
    return picture_numbers(photos, encoded, [measure_picture(photo) for photo in photos.values()])


def picture_numbers(
    names: Iterable[str], encoded: Encoded, measures: Sequence[FloatArray]
) -> dict[str, FloatArray]:
    """Return what is kept of catalog pictures, by their hash: outputs, identity, measures."""
    rows = np.concatenate([encoded.outputs, encoded.embeddings, np.stack(measures)], axis=1)
    return dict(zip(names, rows.astype(np.float32), strict=True))
