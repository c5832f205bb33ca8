"""The engine past one machine: Ray Data decodes on CPUs, and embeds and scores on actors."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import Any, Final

from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.look import look
from sneakeraug.batch.packing import pack, pack_items, unpack, unpack_items
from sneakeraug.batch.scorer import Scored, Scorer, Wanted
from sneakeraug.cluster import CPUS_AN_ACTOR, check_cluster, connected, failed_on_ray
from sneakeraug.limits import Limits
from sneakeraug.records import Context
from sneakeraug.serving import load
from sneakeraug.settings import Settings

MOST_BLOCKS: Final = 10_000
"""Into how many parts Ray Data cuts the chunks, at most."""

Chunk = dict[str, Any]
"""A row of Ray's tables: a chunk of pictures, first named, then looked at, then scored."""


@dataclass(frozen=True)
class RayEngine:
    """Turns chunks of pictures into the rows that the local engine gives, on a cluster.

    The cluster's machines read pictures, model and catalog themselves: the paths must lead to the
    same files there.

    Attributes
    ----------
    address
        ``HOST:PORT`` of a cluster this machine belongs to; one of its own, for this run, where
        None.
    n_workers
        Actors that embed and score; one for each GPU, or one, where 0.
    """

    address: str | None = None
    n_workers: int = 0

    def check(self) -> None:
        """Refuse what cannot run, before any work is done.

        Raises
        ------
        InputError
            If Ray is not installed, or the cluster does not answer.
        """
        check_cluster(self.address)

    def __call__(
        self, inputs: Inputs, chunks: Iterator[list[Item]], scorer: Scorer
    ) -> Generator[Scored]:
        """Score chunks of pictures, in their order; a worker that dies is replaced.

        Raises
        ------
        InputError
            If Ray is not installed, or the cluster does not answer.
        """
        given = [{"items": pack_items(chunk)} for chunk in chunks]
        if not given:
            return
        self.check()
        n_gpus = int(scorer.recommender.device == "cuda")
        n_cpus = max(CPUS_AN_ACTOR, scorer.recommender.settings.threads)
        with connected(self.address, n_cpus * max(1, self.n_workers), n_gpus) as ray:
            n_actors = self.n_workers or max(1, n_gpus * int(ray.cluster_resources().get("GPU", 1)))
            found = (
                ray.data.from_items(given, override_num_blocks=min(len(given), MOST_BLOCKS))
                .map(partial(look_at_chunk, **_source(inputs, scorer)), num_cpus=1)
                .map(
                    ScoreChunk,
                    fn_constructor_kwargs=_what(scorer),
                    compute=ray.data.ActorPoolStrategy(size=n_actors),
                    num_cpus=n_cpus,
                    num_gpus=n_gpus,
                )
            )
            try:
                for chunk in found.iter_rows():
                    yield Scored(json.loads(chunk["rows"]), int(chunk["n_failed"]))
            except ray.exceptions.RayError as exc:
                raise failed_on_ray(exc) from exc


def look_at_chunk(
    chunk: Chunk, path: str, images: str | None, limits: Mapping[str, int], size_px: int
) -> Chunk:
    """Read, decode and edit a chunk's pictures; runs as a task of Ray."""
    inputs, bounds = _inputs(path, images), Limits(**limits)
    looked = [look(inputs, item, bounds, size_px) for item in unpack_items(chunk["items"])]
    return {"pictures": pack(looked)}


@lru_cache(maxsize=4)
def _inputs(path: str, images: str | None) -> Inputs:
    """A batch's pictures, opened once a process."""
    return Inputs(path, images)


class ScoreChunk:
    """Embeds and scores chunks; an actor of Ray, which loads the model once.

    Parameters
    ----------
    settings, model_id, category
        As for `serving.load`.
    wanted
        Fields of `Wanted`.
    """

    def __init__(
        self, settings: Mapping[str, Any], model_id: str, category: str, wanted: Mapping[str, Any]
    ) -> None:
        recommender = load(model_id, category=category, settings=Settings(**settings))
        context = Context.of(**wanted["context"])
        self._scorer = Scorer(recommender, Wanted(**{**wanted, "context": context}))

    def __call__(self, chunk: Chunk) -> Chunk:
        """Return a chunk's rows as text."""
        pictures = unpack(chunk["pictures"])
        scored = self._scorer.score(pictures, self._scorer.encode(pictures))
        return {"rows": json.dumps(scored.rows), "n_failed": scored.n_failed}


def _source(inputs: Inputs, scorer: Scorer) -> dict[str, Any]:
    """The arguments of `look_at_chunk`."""
    return {
        "path": inputs.source,
        "images": inputs.images,
        "limits": asdict(scorer.limits),
        "size_px": scorer.size_px,
    }


def _what(scorer: Scorer) -> dict[str, Any]:
    """The arguments of `ScoreChunk`."""
    recommender, wanted = scorer.recommender, scorer.wanted
    return {
        "settings": recommender.settings.model_dump(mode="json"),
        "model_id": recommender.model_id,
        "category": recommender.card.category,
        "wanted": {
            "target": wanted.target,
            "context": wanted.context.model_dump(),
            "n_alternates": wanted.n_alternates,
            "guard": dict(wanted.guard),
        },
    }
