"""A visitor's batch: it runs beside the page, which may be left, and stops when it is forgotten."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
import weakref
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import cv2
import numpy as np

from sneakeraug.analysis import ORIGINAL
from sneakeraug.batch.inputs import Inputs
from sneakeraug.batch.journal import Journal
from sneakeraug.batch.local import score_locally
from sneakeraug.batch.look import Looked
from sneakeraug.batch.outputs import write_rows
from sneakeraug.batch.rows import ERROR, VARIANT, Row
from sneakeraug.batch.scorer import Pictures, Scored, Scorer, Wanted
from sneakeraug.embed.encoder import Encoded
from sneakeraug.errors import BusyError, InputError, SneakeraugError
from sneakeraug.files import unwritten, write_bytes
from sneakeraug.recommend import Recommender

MOST_PICTURES: Final = 2_000
"""Of one batch on the page; the command line takes more."""

MOST_AT_ONCE: Final = 1
"""Batches that run at once, of all visitors together; the next ones wait."""

MOST_WAITING: Final = 8
"""Batches that run or wait; one more is told to come back later."""

PICTURES_A_STEP: Final = 8
"""Pictures between two looks at whether the batch is still wanted."""

_turn = threading.Semaphore(MOST_AT_ONCE)
_known = threading.BoundedSemaphore(MOST_WAITING)

logger = logging.getLogger(__name__)

Status = Literal["waiting", "running", "done", "cancelled", "failed"]


@dataclass(frozen=True)
class Upload:
    """A file that a visitor gave; its name is text and never a path."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class PictureResult:
    """What is said of one picture.

    Attributes
    ----------
    name
        As it was given: text, never markup.
    thumbnail
        A small JPEG; empty where the picture could not be read.
    error
        Why it was not scored; empty where it was.
    original, edit
        Its rows of the original, and of the edit that was recommended, else of the best one; None
        where it was not scored.
    """

    name: str
    thumbnail: bytes = field(repr=False)
    error: str
    original: Row | None = field(repr=False)
    edit: Row | None = field(repr=False)


@dataclass
class Progress:
    """How far a batch is; its thread writes, the page reads."""

    status: Status = "waiting"
    n_done: int = 0
    n_all: int = 0
    seconds: float = 0.0
    error: str = ""
    results: list[PictureResult] = field(default_factory=list, repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("done", "cancelled", "failed")


class BatchJob:
    """A batch that runs in a thread of its own; forgotten, it stops and its files go.

    Parameters
    ----------
    files
        Pictures, or one zip of them.
    table
        Which campaign each picture is for; None where all are for the same.
    recommender, wanted
        What scores them, for which campaign.

    Attributes
    ----------
    progress
        How far it is.
    wanted
        The campaign.
    folder
        Its files, as long as it is not forgotten.

    Raises
    ------
    InputError
        If there is no picture, too many, or the files do not go together.
    BusyError
        If too many batches wait already.
    """

    def __init__(
        self,
        files: Sequence[Upload],
        table: Upload | None,
        recommender: Recommender,
        wanted: Wanted,
    ) -> None:
        self.wanted, self.progress = wanted, Progress()
        self.folder = folder = Path(tempfile.mkdtemp(prefix="sneakeraug-batch-"))
        weakref.finalize(self, _forget, folder, self.progress.cancelled)
        inputs = _keep(files, table, folder)
        n_all = _count(inputs)
        if not n_all:
            raise InputError("There is no picture in it; at least one is expected.")
        self.progress.n_all = n_all
        self._journal = folder / "journal"
        self._journal.mkdir()
        if not _known.acquire(blocking=False):
            raise BusyError(30)
        threading.Thread(
            target=_work,
            args=(inputs, recommender, wanted, self.progress, self._journal),
            daemon=True,
        ).start()

    def cancel(self) -> None:
        """Stop soon; what is done stays."""
        self.progress.cancelled.set()

    def write(self, kind: str) -> bytes:
        """Return all rows so far as a file of a kind, for instance ``.csv``."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"rows{kind}"
            write_rows(path, kind, Journal(self._journal).rows())
            return path.read_bytes()


def _forget(folder: Path, cancelled: threading.Event) -> None:
    """What happens when no session holds a batch any more."""
    cancelled.set()
    shutil.rmtree(folder, ignore_errors=True)


def _count(inputs: Inputs) -> int:
    n = 0
    for n, _ in enumerate(inputs.items(), start=1):
        if n > MOST_PICTURES:
            raise InputError(
                f"More than {MOST_PICTURES:,} pictures; at most so many are expected here. Split "
                "them, or use `sneakeraug batch` on the command line."
            )
    return n


def _keep(files: Sequence[Upload], table: Upload | None, folder: Path) -> Inputs:
    """Write what was given under names of our own."""
    packed = folder / "pictures.zip"
    zips = [file for file in files if PurePosixPath(file.name.lower()).suffix == ".zip"]
    if zips and len(files) > 1:
        raise InputError("A zip came with other files; one zip, or pictures alone, is expected.")
    if zips:
        write_bytes(packed, zips[0].data)
        if not zipfile.is_zipfile(packed):
            raise InputError(f"{zips[0].name[:80]!r} is no readable zip. Pack it again.")
    else:
        try:
            _pack(files, packed)
        except OSError as exc:
            raise unwritten(packed, exc) from exc
    if table is None:
        return Inputs(packed)
    suffix = PurePosixPath(table.name.lower()).suffix
    path = folder / f"table{suffix if suffix in ('.csv', '.tsv', '.jsonl') else '.csv'}"
    write_bytes(path, table.data)
    return Inputs(path, packed)


def _pack(files: Sequence[Upload], packed: Path) -> None:
    """Put pictures into a zip, two of one name apart."""
    seen: Counter[str] = Counter()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files:
            plain = "".join(c if c.isprintable() else "?" for c in file.name)[:200]
            name = PurePosixPath(plain.replace("\\", "/")).name.replace(":", "-").lstrip(".")
            seen[name] += 1
            stem, dot, suffix = name.rpartition(".")
            if seen[name] > 1:
                name = f"{stem} ({seen[name]}){dot}{suffix}"
            archive.writestr(name, file.data)


@contextmanager
def _in_turn(progress: Progress) -> Iterator[bool]:
    """Wait for those before; gives whether the batch is still wanted then."""
    has_turn = False
    try:
        while not has_turn and not progress.cancelled.is_set():
            has_turn = _turn.acquire(timeout=0.2)
        yield has_turn
    finally:
        if has_turn:
            _turn.release()
        _known.release()


def _work(
    inputs: Inputs, recommender: Recommender, wanted: Wanted, progress: Progress, folder: Path
) -> None:
    """Score the pictures, a few at a time; every end is told by the status."""
    try:
        with _in_turn(progress) as has_turn, Journal(folder) as journal:
            if has_turn:
                progress.status = "running"
                _score(inputs, _Scorer(recommender, wanted), progress, journal)
            is_wanted = not progress.cancelled.is_set()
            progress.status = "done" if is_wanted else "cancelled"
    except SneakeraugError as exc:
        progress.error = str(exc)
        progress.status = "cancelled" if progress.cancelled.is_set() else "failed"
    except Exception:  # a door: the thread has nobody above it
        logger.exception("A batch of the page failed")
        progress.error = "Something went wrong; what was scored before is below. Try it again."
        progress.status = "failed"


def _score(inputs: Inputs, scorer: _Scorer, progress: Progress, journal: Journal) -> None:
    started = time.perf_counter()
    with closing(score_locally(inputs, inputs.chunks(PICTURES_A_STEP), scorer)) as chunks:
        for scored in chunks:
            journal.append(scored)
            progress.results += [_result(rows, scorer.thumbnails) for rows in scored.rows]
            progress.n_done = journal.n_pictures
            progress.seconds = time.perf_counter() - started
            if progress.cancelled.is_set():
                return


def _result(rows: list[Row], thumbnails: dict[object, bytes]) -> PictureResult:
    first = rows[0]
    name = str(first["path"])
    if first["kind"] == ERROR:
        return PictureResult(name, b"", str(first["error"]), None, None)
    variants = [row for row in rows if row["kind"] == VARIANT]
    edits = [row for row in variants if row["variant"] != "original"]
    chosen = [row for row in edits if row["variant"] == row["best_augmentation"]]
    free = [row for row in edits if not row["is_barred"]]
    return PictureResult(
        name,
        thumbnails.get(first["sha256"], b""),
        "",
        next(row for row in variants if row["variant"] == "original"),
        [*chosen, *free, *edits][0],
    )


class _Scorer(Scorer):
    """A scorer that keeps the network's own small square of each picture, to show it."""

    def __init__(self, recommender: Recommender, wanted: Wanted) -> None:
        super().__init__(recommender, wanted)
        self.thumbnails: dict[object, bytes] = {}

    def score(self, pictures: Pictures, encoded: Sequence[Encoded | None]) -> Scored:
        """Score, and keep what the pictures look like."""
        for picture in pictures:
            if isinstance(picture, Looked):
                square = np.ascontiguousarray(picture.inputs.squares[ORIGINAL][:, :, ::-1])
                _, data = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, 80])
                self.thumbnails[picture.prepared.photo.sha256] = data.tobytes()
        return super().score(pictures, encoded)
