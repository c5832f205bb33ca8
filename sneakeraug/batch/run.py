"""One batch, from its pictures to its file; a run that was stopped is gone on with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sneakeraug.batch.inputs import Inputs, Item
from sneakeraug.batch.journal import MERGED, Journal, journal_folder
from sneakeraug.batch.local import score_locally
from sneakeraug.batch.outputs import kind_of, write_rows
from sneakeraug.batch.rows import COLUMNS
from sneakeraug.batch.scorer import Scored, Scorer
from sneakeraug.errors import InputError
from sneakeraug.files import only_run
from sneakeraug.progress import Report, Step, silent

PICTURES_A_CHUNK: Final = {"cpu": 32, "cuda": 256}
"""Pictures that are kept together; a stop costs at most so many, and those that are under way."""

SECONDS_A_LINE: Final = 1.0
"""Least time between two lines of progress."""

Engine = Callable[[Inputs, Iterator[list[Item]], Scorer], Generator[Scored]]


@dataclass(frozen=True)
class Done:
    """What a batch did.

    Attributes
    ----------
    n_pictures, n_failed
        Pictures, and how many of them have an error in place of scores.
    n_resumed
        Pictures that an earlier run had done.
    seconds
        Of this run.
    """

    n_pictures: int
    n_failed: int
    n_resumed: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Pictures per second of this run."""
        return (self.n_pictures - self.n_resumed) / max(self.seconds, 1e-9)


def run_batch(
    inputs: Inputs,
    out: Path,
    scorer: Scorer,
    *,
    overwrite: bool = False,
    engine: Engine = score_locally,
    report: Report = silent,
) -> Done:
    """Score every picture and write the rows.

    Parameters
    ----------
    inputs
        The pictures.
    out
        A file ending in ``.csv``, ``.parquet`` or ``.jsonl``; its unfinished run lies beside it.
    scorer
        Embeds and scores.
    overwrite
        Whether an output, or another batch's unfinished run, may be replaced.
    engine
        Turns chunks of pictures into rows, in order.
    report
        Called with a line of progress about once a second.

    Raises
    ------
    InputError
        If the output exists, or is of an unknown kind, or there is no picture.
    StoreError
        If there is no room, or another run is writing the same output.
    """
    check_output(out, overwrite)
    n_all, digest = inputs.measure()
    if not n_all:
        raise InputError(f"{inputs.name!r} holds no picture; at least one is expected.")
    size = PICTURES_A_CHUNK.get(scorer.recommender.device, PICTURES_A_CHUNK["cpu"])
    plan = _plan(scorer, digest, size)
    folder = journal_folder(out)
    with only_run(folder):
        journal = Journal(folder)
        if journal.plan() != plan:
            _refuse_other(journal, out, overwrite)
            journal.begin(plan)
        with journal:
            started = time.perf_counter()
            n_resumed = journal.n_pictures
            if n_resumed:
                report(f"Going on after {n_resumed:,} of {n_all:,} pictures")
            said = started
            chunks = inputs.chunks(size, journal.n_chunks)
            with closing(engine(inputs, chunks, scorer)) as results:
                for scored in results:
                    journal.append(scored)
                    now = time.perf_counter()
                    if now - said >= SECONDS_A_LINE or journal.n_pictures == n_all:
                        said = now
                        report(progress_line(journal, n_all, n_resumed, now - started))
            done = Done(
                journal.n_pictures, journal.n_failed, n_resumed, time.perf_counter() - started
            )
            write_rows(folder / MERGED, kind_of(out), journal.rows())
            journal.finish(out)
    return done


def check_output(out: Path, overwrite: bool) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Raises
    ------
    InputError
        If it is of an unknown kind, or exists and no unfinished run writes it.
    """
    kind_of(out)
    if not journal_folder(out).exists():
        _refuse_existing(out, overwrite)


def progress_line(journal: Journal, n_all: int, n_resumed: int, seconds: float) -> Step:
    """Return how far a run is, how fast, and how long it will still take."""
    rate = (journal.n_pictures - n_resumed) / max(seconds, 1e-9)
    left_s = (n_all - journal.n_pictures) / max(rate, 1e-9)
    failed = f", {journal.n_failed:,} with errors" if journal.n_failed else ""
    what = f"pictures{failed}, {rate:,.1f} photos/s, {say_time(left_s)} left"
    return Step(journal.n_pictures, n_all, what)


def say_time(seconds: float) -> str:
    """Say a time in the unit that fits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _plan(scorer: Scorer, digest: str, size: int) -> dict[str, object]:
    """What a run is of: another of these, and its rows are others."""
    recommender, wanted = scorer.recommender, scorer.wanted
    plan = {
        "inputs": digest,
        "model_id": recommender.model_id,
        "files": recommender.card.files,
        "catalog": recommender.catalog.state,
        "device": recommender.device,
        "backend": recommender.backend,
        "target": wanted.target,
        "context": wanted.context.model_dump(),
        "n_alternates": wanted.n_alternates,
        "guard": dict(wanted.guard),
        "limits": asdict(scorer.limits),
        "pictures_a_chunk": size,
        "columns": list(COLUMNS),
    }
    read: dict[str, object] = json.loads(json.dumps(plan))
    return read


def _refuse_existing(out: Path, overwrite: bool) -> None:
    if out.exists() and not overwrite:
        raise InputError(
            f"{out.name!r} exists already; a new name is expected. Choose one, or replace it with "
            "--overwrite."
        )


def _refuse_other(journal: Journal, out: Path, overwrite: bool) -> None:
    """Refuse to begin where an output, or an unfinished run of something else, would be lost."""
    if journal.plan() is not None and not overwrite:
        raise InputError(
            f"An unfinished run of other pictures or another campaign writes {out.name!r}. Run "
            "that one again to end it, choose another name, or begin anew with --overwrite."
        )
    _refuse_existing(out, overwrite)
