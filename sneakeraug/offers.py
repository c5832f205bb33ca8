"""The catalog as the model sees it: every picture encoded once, searched for what fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sneakeraug.analysis import SCORING_SIDE_PX, decode_input
from sneakeraug.arrays import FloatArray, IntArray
from sneakeraug.background import shrink_photo
from sneakeraug.catalog.index import PictureIndex
from sneakeraug.catalog.products import Catalog
from sneakeraug.embed.encoder import Encoder
from sneakeraug.limits import Limits
from sneakeraug.rank.alternates import choose_alternates
from sneakeraug.records import Context, Product
from sneakeraug.score.features import measure_picture


@dataclass(frozen=True)
class Offer:
    """Catalog pictures chosen as alternates, nearest first.

    Attributes
    ----------
    products
        What they show.
    similarity
        Cosine to the uploaded picture, one each.
    outputs, measures
        Network outputs ``(n, 6)`` and picture measures ``(n, 8)``, float32.
    note
        A sentence where the filter had to be widened, else None.
    """

    products: list[Product]
    similarity: list[float]
    outputs: FloatArray
    measures: FloatArray
    note: str | None


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
    """

    def __init__(self, catalog: Catalog, encoder: Encoder, limits: Limits) -> None:
        self._products = catalog.products
        photos = [
            shrink_photo(decode_input(catalog.image_path(product), limits).pixels, SCORING_SIDE_PX)
            for product in catalog.products
        ]
        encoded = encoder.encode(photos)
        self._outputs = encoded.outputs
        self._measures = np.array([measure_picture(photo) for photo in photos], dtype=np.float32)
        self._index = PictureIndex(encoded.embeddings)

    def choose(self, embedding: FloatArray, context: Context, n: int) -> Offer:
        """Choose up to `n` products for a context, the most alike of the strictest filter first.

        Parameters
        ----------
        embedding
            Of the uploaded picture, shape ``(d,)``, float32.
        context
            Its sneaker type and gender are the filter.
        n
            Alternates wanted.
        """

        def search(k: int, allowed: IntArray) -> tuple[IntArray, FloatArray]:
            return self._index.nearest(embedding, k, allowed)

        chosen, note = choose_alternates(self._products, context, n, search)
        rows = [row for row, _ in chosen]
        return Offer(
            [self._products[row] for row in rows],
            [similarity for _, similarity in chosen],
            self._outputs[rows],
            self._measures[rows],
            note,
        )
