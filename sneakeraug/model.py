"""A model read from its folder: the network, the conversion models, and what it knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sneakeraug.analysis import (
    ORIGINAL,
    Analysis,
    Gate,
    ImageInput,
    Prepared,
    decode_input,
    decode_small,
    judge_shoe,
    name_edit,
    prepare,
)
from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.card import GRAPH, GRAPH_WEIGHTS, WEIGHTS, ModelCard
from sneakeraug.embed.backends import open_encoder
from sneakeraug.embed.encoder import Encoded
from sneakeraug.embed.shared import SharedEncoder
from sneakeraug.errors import InputError, TargetError
from sneakeraug.evidence import HISTORY, read_past
from sneakeraug.intake.quality import MEASURED_SIDE_PX
from sneakeraug.offers import DEMO_PICTURES, load_pictures
from sneakeraug.rank.guards import check_guard
from sneakeraug.records import Context, direction_of
from sneakeraug.registry import verify
from sneakeraug.score.conversion import load_conversions
from sneakeraug.score.features import (
    PictureRows,
    build_features,
    check_schema,
    encode_contexts,
    feature_names,
)
from sneakeraug.settings import Settings
from sneakeraug.vocabulary import AUGMENTATIONS, PRODUCTS, Direction


class LoadedModel:
    """A verified model folder in memory; safe to share between threads.

    Parameters
    ----------
    folder
        Every file is verified against the card first.
    settings
        Limits, device, backend, threads.

    Attributes
    ----------
    card
        What the folder says about itself.
    encoder
        The network, shared by all threads.
    conversions, projection
        Conversion models by target, and what reduces identities for them.
    shipped
        What the network says of pictures that came with the model, by their hash.
    history
        Past campaigns; None where the model has none.
    lock
        Held while a conversion model runs.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError, FeatureSchemaError
        If a file is missing or changed, or the model is another version's.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.card: ModelCard = verify(folder)
        check_schema(self.card.features, feature_names(AUGMENTATIONS))
        graph = self.card.files.get(GRAPH_WEIGHTS)
        self.encoder = SharedEncoder(
            open_encoder(
                folder / WEIGHTS,
                self.card.embedder,
                folder / GRAPH if graph else None,
                settings.device,
                settings.backend,
                settings.threads,
                settings.graphs_dir / graph[:16] if graph else None,
            ),
            settings.max_waiting,
        )
        self.conversions, self.projection = load_conversions(folder, self.card.conversion)
        self.shipped = load_pictures(folder) if DEMO_PICTURES in self.card.files else {}
        self.history = read_past(folder) if HISTORY in self.card.files else None
        self.lock = threading.Lock()
        self._limits = settings.limits
        self._gate = Gate(**self.card.embedder["gate"])
        self._product = PRODUCTS.get(self.card.category, "product")

    @property
    def model_id(self) -> str:
        """The model's name."""
        return self.card.model_id

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.encoder.device

    @property
    def backend(self) -> str:
        """What runs the network: ``torch`` or ``openvino``."""
        return self.encoder.backend

    @property
    def targets(self) -> tuple[str, ...]:
        """What the model was trained for."""
        return tuple(self.conversions)

    def direction(self, target: str) -> Direction:
        """Return where a target is wanted.

        Raises
        ------
        ContextError
            If there is no such target.
        TargetError
            If the model was not trained for it.
        """
        direction = direction_of(target)
        if target not in self.conversions:
            raise TargetError(self.model_id, target, self.targets)
        return direction

    def check_guard(self, guard: Mapping[str, float]) -> None:
        """Refuse guards that cannot be held, or of targets that the model was not trained for.

        Raises
        ------
        ContextError, InputError
            See `rank.guards.check_guard`.
        TargetError
            If the model was not trained for a guarded target.
        """
        check_guard(guard)
        for target in guard:
            self.direction(target)

    def analyse(self, image: ImageInput, name: str) -> Analysis:
        """Decode and judge a picture, make its six variants, send them through the network once.

        Parameters
        ----------
        image
            A path, a file's bytes, a PIL image, or an RGB uint8 array ``(h, w, 3)``.
        name
            What messages call it; a path's own name is used for a path.

        Raises
        ------
        PhotoError
            If it cannot be read or is over a limit.
        BusyError
            If too many pictures wait for the network.
        """
        started = time.perf_counter()
        photo = decode_input(image, self._limits, name, MEASURED_SIDE_PX)
        decoded = time.perf_counter()
        prepared = prepare(photo)
        augmented = time.perf_counter()
        encoded = self.encoder.encode([variant.photo for variant in prepared.variants])
        embedded = time.perf_counter()
        timing_ms = {
            "decode": 1e3 * (decoded - started),
            "augment": 1e3 * (augmented - decoded),
            "embed": 1e3 * (embedded - augmented),
        }
        return self.judge(prepared, encoded, timing_ms)

    def judge(self, prepared: Prepared, encoded: Encoded, timing_ms: dict[str, float]) -> Analysis:
        """Join a prepared picture with what the network says of it.

        Parameters
        ----------
        prepared
            The picture.
        encoded
            What the network says of them, in label order.
        timing_ms
            Milliseconds of ``decode``, ``augment`` and ``embed``.
        """
        return Analysis(
            photo=prepared.photo,
            width=prepared.width,
            height=prepared.height,
            quality=judge_shoe(
                prepared.quality, float(encoded.is_shoe[ORIGINAL]), self._gate, self._product
            ),
            variants=prepared.variants,
            detected=name_edit(
                encoded.outputs[ORIGINAL], float(encoded.is_known_edit[ORIGINAL]), self._gate
            ),
            outputs=encoded.outputs,
            embedding=encoded.embeddings[ORIGINAL],
            measures=prepared.measures,
            timing_ms=timing_ms,
            network=self.card.files[WEIGHTS],
        )

    def check_own(self, analysis: Analysis) -> None:
        """Refuse an analysis by another network than this model's.

        Raises
        ------
        InputError
            If another model was activated since.
        """
        if analysis.network != self.card.files[WEIGHTS]:
            raise InputError(
                "Another model looked at this picture than the one that serves now: it was "
                "exchanged meanwhile. Ask again, so that this one looks at it."
            )

    def embed(self, image: ImageInput, name: str) -> FloatArray:
        """Return a picture's identity embedding, shape ``(d,)``, float32, L2 norm 1.

        Raises
        ------
        PhotoError
            If it cannot be read or is over a limit.
        """
        small = decode_small(image, self._limits, name)
        encoded = self.encoder.encode([small])
        return np.asarray(encoded.embeddings[0], dtype=np.float32)

    def features(self, pictures: PictureRows, context: Context) -> FloatArray:
        """Return what conversion models read of pictures in a campaign, a row each."""
        return build_features(pictures, encode_contexts([context]), self.projection)

    def predict(
        self,
        target: str,
        pictures: PictureRows,
        context: Context,
        products: IntArray,
        n_groups: int = 1,
    ) -> ProbabilityArray:
        """Return probabilities by draw, shape ``(draws, n)``.

        Parameters
        ----------
        target
            One the model was trained for.
        pictures, context
            What is sent, and in which campaign.
        products
            Number of each picture's product; the uploaded picture is product 0.
        n_groups
            Groups of pictures that are numbered alike, see `ConversionModel.predict_members`.
        """
        x = self.features(pictures, context)
        with self.lock:
            return self.conversions[target].predict_members(x, products, n_groups)

    def predict_variants(
        self, target: str, analysis: Analysis, context: Context
    ) -> ProbabilityArray:
        """Return probabilities of a picture's six variants by draw, shape ``(draws, 6)``."""
        rows = analysis.picture_rows()
        return self.predict(target, rows, context, np.zeros(len(rows), np.int64))

    def contributions(self, target: str, x: FloatArray) -> ProbabilityArray:
        """Return what each feature adds to scores in log-odds, shape ``(n, d)`` as `features`."""
        with self.lock:
            return self.conversions[target].contributions(x)[:, :-1]
