"""Building the six-fold dataset: every photo and its five augmentations as files, in parallel.

Pieces of photos go to worker processes; each finished piece leaves a small table behind, so that
a stop costs at most the pieces under way. Only pieces under way are in memory.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.background import shrink_photo
from sneakeraug.dataset.manifest import MANIFEST, Part, join_parts, read_part, write_part
from sneakeraug.dataset.photos import (
    PhotoRow,
    difference_hash,
    group_products,
    list_photos,
    split_of,
)
from sneakeraug.errors import InputError, PhotoError
from sneakeraug.files import only_run, remove_partials, write_bytes, write_table
from sneakeraug.intake.decode import decode_photo, read_photo_bytes
from sneakeraug.limits import Limits
from sneakeraug.progress import Report
from sneakeraug.training.collection import KEPT_SIDE_PX
from sneakeraug.vocabulary import AUGMENTATIONS

PARTS, IMAGES, REJECTS = ".parts", "images", "rejects.csv"

PHOTOS_A_PART: Final = 64

FORMATS: Final = ("png", "jpg")
JPEG_QUALITY: Final = 92


@dataclass(frozen=True)
class BuildOptions:
    """What `build_dataset` may be told.

    Attributes
    ----------
    image_format
        One of `FORMATS`.
    side_px
        Longer side of the pictures at most.
    workers
        Processes; as many as there are processors where 0.
    split_seed
        Another seed is another split.
    """

    image_format: str = "jpg"
    side_px: int = 640
    workers: int = 0
    split_seed: int = 0


@dataclass(frozen=True)
class Built:
    """What a run made: photos and pictures in the manifest, photos left out."""

    n_photos: int
    n_pictures: int
    n_rejects: int


def build_dataset(
    images: Sequence[Path],
    out: Path,
    options: BuildOptions,
    report: Report,
    kinds: Sequence[str],
) -> Built:
    """Write every photo's six variants as files, and the manifest that names them.

    Parameters
    ----------
    images
        Folders or CSVs, see `dataset.photos.list_photos`.
    out
        Receives ``images/``, ``manifest.parquet`` and ``rejects.csv``. May hold an unfinished
        build of the same photos and options, which is gone on with.
    options
        Format, size, processes.
    report
        Called with a line of progress now and then.
    kinds
        Kinds of product, where a table tells.

    Returns
    -------
    Built

    Raises
    ------
    InputError
        If there are no photos, none can be read, or an option is unusable.
    StoreError
        If `out` cannot be written, or another run is writing it.
    """
    if options.image_format not in FORMATS:
        raise InputError(
            f"Unknown format {options.image_format!r}; one of {', '.join(FORMATS)} is expected."
        )
    if not 64 <= options.side_px <= 4000:
        raise InputError(f"A side of {options.side_px} px is not usable; 64 to 4,000 is expected.")
    rows = [row for path in images for row in list_photos(path, kinds)]
    jobs = [
        _Job(out, number, rows[start : start + PHOTOS_A_PART], options)
        for number, start in enumerate(range(0, len(rows), PHOTOS_A_PART))
    ]
    with only_run(out):
        remove_partials(out, is_deep=True)
        parts: list[Part] = []
        n_done = 0
        for part in _run(jobs, options.workers or os.cpu_count() or 1):
            parts.append(part)
            n_done = min(len(rows), n_done + PHOTOS_A_PART)
            if len(parts) % 8 == 0:
                report(f"{n_done:,} of {len(rows):,} photos")
        facts = [photo for part in parts for photo in _listed(part, "photos")]
        rejects = [reject for part in parts for reject in _listed(part, "rejects")]
        for reject in rejects[:20]:
            report(f"left out: {reject['reason']}")
        write_table(out / REJECTS, ("path", "reason"), rejects)
        if not facts:
            raise InputError(f"None of {len(rows):,} photos could be read; see {REJECTS}.")
        about = {"options": _about(options), "n_photos": len(facts), "labels": AUGMENTATIONS}
        splits = _split(facts, options.split_seed)
        n_pictures = join_parts(parts, splits, about, out / MANIFEST)
        shutil.rmtree(out / PARTS, ignore_errors=True)
    return Built(len(facts), n_pictures, len(rejects))


@dataclass(frozen=True)
class _Job:
    """A piece of work for one process."""

    out: Path
    number: int
    rows: list[PhotoRow]
    options: BuildOptions

    @property
    def path(self) -> Path:
        """Where its finished table is."""
        return self.out / PARTS / f"{self.number:06d}.parquet"

    @cached_property
    def key(self) -> str:
        """What its table is of: photos and options. Another key means to make it anew."""
        digest = hashlib.sha256(json.dumps(_about(self.options)).encode())
        for row in self.rows:
            digest.update(repr((str(row.path), *asdict(row).values())).encode())
            try:
                stat = row.path.stat()
                digest.update(f"{stat.st_size}:{stat.st_mtime_ns}".encode())
            except OSError:
                digest.update(b"missing")
        return digest.hexdigest()


def _about(options: BuildOptions) -> dict[str, object]:
    """The options that change what is made."""
    return {"image_format": options.image_format, "side_px": options.side_px}


def _run(jobs: Sequence[_Job], workers: int) -> Iterator[Part]:
    """Finished parts in order; a few are under way at a time, and what is there is not redone."""
    if workers == 1:
        for job in jobs:
            yield _finished(job) or _make(job)
        return
    # A fresh interpreter each: threads of the parent would not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        waiting: deque[Future[Part] | Part] = deque()
        try:
            for job in jobs:
                waiting.append(_finished(job) or pool.submit(_make, job))
                if len(waiting) > 2 * workers:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _result(part: Future[Part] | Part) -> Part:
    return part if isinstance(part, Part) else part.result()


def _finished(job: _Job) -> Part | None:
    """A part that an earlier run finished."""
    part = read_part(job.path)
    return part if part is not None and part.about.get("key") == job.key else None


def _make(job: _Job) -> Part:
    """Write the pictures of a part, then its table."""
    cv2.setNumThreads(1)
    limits = Limits()
    rows: list[dict[str, object]] = []
    photos: list[dict[str, object]] = []
    rejects: list[dict[str, object]] = []
    for row in job.rows:
        try:
            data = read_photo_bytes(row.path, limits)
            pixels = decode_photo(data, limits, row.path.name).pixels
        except (PhotoError, OSError) as exc:
            rejects.append({"path": str(row.path), "reason": str(exc)})
            continue
        bits = difference_hash(shrink_photo(pixels, KEPT_SIDE_PX))
        photos.append({"product_id": row.product_id, "hash": np.packbits(bits).tobytes().hex()})
        name = hashlib.sha256(data).hexdigest()[:24]
        rows += _write_six(job, row, name, shrink_photo(pixels, job.options.side_px))
    return write_part(job.path, rows, {"key": job.key, "photos": photos, "rejects": rejects})


def _write_six(job: _Job, row: PhotoRow, name: str, photo: UInt8Array) -> list[dict[str, object]]:
    """Write a photo's six variants; their rows, the split still open."""
    rows: list[dict[str, object]] = []
    for label, augmentation in enumerate(AUGMENTATIONS):
        variant = apply_augmentation(photo, augmentation)
        data = _encode(variant.photo, job.options.image_format)
        relative = f"{IMAGES}/{name[:2]}/{name}-{augmentation}.{job.options.image_format}"
        write_bytes(job.out / relative, data)
        rows.append(
            {
                "relative_im_path": relative,
                "shoe_brand": row.brand,
                "shoe_gender": row.gender,
                "shoe_name": row.name,
                "augment_label": label,
                "product_id": row.product_id,
                "sha256": hashlib.sha256(data).hexdigest(),
                "split": "",
                "parameters": json.dumps(variant.parameters),
            }
        )
    return rows


def _encode(photo: UInt8Array, image_format: str) -> bytes:
    """A picture as a file without metadata."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if image_format == "jpg" else []
    _, data = cv2.imencode(f".{image_format}", np.ascontiguousarray(photo[:, :, ::-1]), flags)
    return data.tobytes()


def _listed(part: Part, name: str) -> list[dict[str, Any]]:
    """What a part says of its photos, or of its rejects."""
    found = part.about[name]
    return list(found) if isinstance(found, list) else []


def _split(photos: Sequence[dict[str, Any]], seed: int) -> dict[str, str]:
    """Side of the split of each product; near-identical photos keep theirs together."""
    rows = [PhotoRow(Path(), str(photo["product_id"]), "") for photo in photos]
    bits = [
        np.unpackbits(np.frombuffer(bytes.fromhex(photo["hash"]), dtype=np.uint8)).astype(np.bool_)
        for photo in photos
    ]
    groups = group_products(rows, bits)
    return {
        row.product_id: str(split_of(group, seed)) for row, group in zip(rows, groups, strict=True)
    }
