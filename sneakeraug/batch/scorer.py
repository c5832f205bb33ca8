"""Pictures that were looked at, many at once: through the network together, scored together."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sneakeraug.analysis import Analysis
from sneakeraug.batch.inputs import Item
from sneakeraug.batch.look import Looked, Unread
from sneakeraug.batch.rows import Row, error_row, rows_of
from sneakeraug.embed.encoder import Encoded
from sneakeraug.embed.preprocess import NetworkInput
from sneakeraug.errors import BusyError, InputError, TargetError
from sneakeraug.model import LoadedModel
from sneakeraug.offers import IN_STOCK
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context, Recommendation
from sneakeraug.scoring import MAX_ALTERNATES, score_analyses
from sneakeraug.vocabulary import AUGMENTATIONS

PICTURES_A_PASS: Final = {"cpu": 8, "cuda": 128}
"""Pictures, of six variants each, that go through the network together."""

N_VARIANTS: Final = len(AUGMENTATIONS)

logger = logging.getLogger(__name__)

Pictures = Sequence[Looked | Unread]


@dataclass(frozen=True)
class Wanted:
    """The campaign of a batch; a table may say otherwise of a picture.

    Attributes
    ----------
    target, context
        What is wanted, and in which campaign.
    n_alternates
        Catalog pictures offered for each picture.
    guard
        See `rank.guards.check_guard`.
    """

    target: str = "click_through"
    context: Context = field(default_factory=Context)
    n_alternates: int = 0
    guard: Mapping[str, float] = field(default_factory=dict)

    def check(self, model: LoadedModel) -> None:
        """Refuse what a model cannot serve.

        Raises
        ------
        ContextError, InputError, TargetError
            As `Recommender.score`.
        """
        model.direction(self.target)
        model.check_guard(self.guard)
        if not 0 <= self.n_alternates <= MAX_ALTERNATES:
            raise InputError(
                f"{self.n_alternates} alternates were asked for; 0 to {MAX_ALTERNATES} is expected."
            )

    def of(self, item: Item) -> tuple[str, Context]:
        """Return target and context of one picture.

        Raises
        ------
        ContextError
            If a table says what is not known.
        """
        terms = dict(item.terms)
        target = terms.pop("target", self.target)
        if not terms:
            return target, self.context
        return target, Context.of(**{**self.context.model_dump(), **terms})


@dataclass(frozen=True)
class Scored:
    """The rows of some pictures, in the pictures' order.

    Attributes
    ----------
    rows
        A list a picture.
    n_failed
        Pictures with an error.
    """

    rows: list[list[Row]]
    n_failed: int

    def __len__(self) -> int:
        """Pictures."""
        return len(self.rows)


class Scorer:
    """A recommender with a batch's campaign; safe to share between threads.

    Parameters
    ----------
    recommender
        Embeds and scores.
    wanted
        The campaign.

    Raises
    ------
    ContextError, InputError, TargetError
        If the model cannot serve the campaign.
    """

    def __init__(self, recommender: Recommender, wanted: Wanted) -> None:
        wanted.check(recommender.model)
        self.recommender, self.wanted = recommender, wanted
        self.size_px = recommender.model.encoder.size_px
        self.limits = recommender.settings.limits
        self._a_pass = PICTURES_A_PASS.get(recommender.device, 8)

    def encode(self, pictures: Pictures) -> list[Encoded | None]:
        """Send pictures through the network; gives what it says of each, None where unread."""
        inputs = [picture.inputs for picture in pictures if isinstance(picture, Looked)]
        said: list[Encoded] = []
        while len(said) < len(inputs):
            some = inputs[len(said) : len(said) + self._a_pass]
            try:
                found = self._pass(some)
            except BusyError as exc:  # uploads go first
                time.sleep(exc.retry_after_s)
                continue
            except RuntimeError as exc:
                if type(exc).__name__ != "OutOfMemoryError" or len(some) == 1:
                    raise
                self._a_pass = max(1, len(some) // 2)
                logger.warning(
                    "The GPU has no room for %d pictures at once; from now on it gets %d.",
                    len(some),
                    self._a_pass,
                )
                continue
            starts = range(0, N_VARIANTS * len(some), N_VARIANTS)
            said += [found.take(start, start + N_VARIANTS) for start in starts]
        rest = iter(said)
        return [next(rest) if isinstance(picture, Looked) else None for picture in pictures]

    def _pass(self, some: Sequence[NetworkInput]) -> Encoded:
        together = NetworkInput(
            np.concatenate([inputs.squares for inputs in some]),
            np.concatenate([inputs.tones for inputs in some]),
        )
        return self.recommender.model.encoder.encode_inputs(together)

    def score(self, pictures: Pictures, encoded: Sequence[Encoded | None]) -> Scored:
        """Score what the network said of pictures, those of one campaign together.

        Parameters
        ----------
        pictures
            As they were given to `encode`.
        encoded
            What it returned.
        """
        results: dict[int, Recommendation | Unread] = {}
        campaigns: dict[tuple[str, Context], dict[int, Analysis]] = {}
        model = self.recommender.model
        for number, (picture, said) in enumerate(zip(pictures, encoded, strict=True)):
            if isinstance(picture, Unread) or said is None:
                continue
            analysis = model.judge(picture.prepared, said, NO_TIME)
            try:
                target, context = self.wanted.of(picture.item)
                model.direction(target)
                if analysis.quality.verdict == "refuse":
                    refusal = " ".join(analysis.quality.reasons)
                    results[number] = _unread(picture, refusal, is_refused=True)
                else:
                    campaigns.setdefault((target, context), {})[number] = analysis
            except (InputError, TargetError) as exc:
                results[number] = _unread(picture, str(exc))
        for (target, context), some in campaigns.items():
            found = score_analyses(
                model,
                self.recommender.pictures,
                list(some.values()),
                context,
                target,
                self.wanted.n_alternates,
                IN_STOCK,
                self.wanted.guard,
            )
            results |= zip(some, found, strict=True)
        rows, n_failed = [], 0
        for number, picture in enumerate(pictures):
            result = picture if isinstance(picture, Unread) else results[number]
            if isinstance(result, Unread):
                rows.append([error_row(result, self.wanted.target, self.wanted.context)])
                n_failed += 1
            else:
                rows.append(rows_of(picture.item, result))
        return Scored(rows, n_failed)


NO_TIME: Final = {"decode": 0.0, "augment": 0.0, "embed": 0.0}
"""Milliseconds of one picture mean nothing where many go together."""


def _unread(picture: Looked, error: str, is_refused: bool = False) -> Unread:
    prepared = picture.prepared
    return Unread(
        picture.item,
        error,
        prepared.photo.sha256,
        prepared.width,
        prepared.height,
        is_refused,
    )
