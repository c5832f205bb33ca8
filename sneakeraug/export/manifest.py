"""The manifest of an edit: everything that makes the same picture again from the same upload."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final, Literal

from PIL import features
from pydantic import Field, ValidationError

from sneakeraug.errors import InputError
from sneakeraug.export.picture import MAX_BYTES, Encoding
from sneakeraug.records import Record

LARGEST_BYTES: Final = 100_000
"""Of a manifest; ours have about 1,500."""

MOST_ENTRIES: Final = 100
"""Of its parameters, and of its versions; ours have fewer than ten."""

Sha256 = Field(pattern=r"^[0-9a-f]{64}$")
Number = float | int


class Source(Record):
    """The upload, by its hash."""

    sha256: str = Sha256
    width: int
    height: int
    format: str


class Edit(Record):
    """The augmentation with the parameters it was made with.

    `side_px` is the longer side that the upload was scaled down to before; None where it was not.
    """

    augmentation: str
    parameters: dict[str, Number | list[Number] | None] = Field(max_length=MOST_ENTRIES)
    side_px: int | None = Field(None, ge=64, le=12_000)


class Result(Record):
    """The picture that was written."""

    sha256: str = Sha256
    n_bytes: int = Field(ge=1, le=MAX_BYTES)
    width: int = Field(ge=16, le=1200)
    height: int = Field(ge=16, le=4800)
    encoding: Encoding
    ssim: float


class Manifest(Record):
    """What was made of what, how, and by which versions; no picture, no person."""

    schema_: Literal["sneakeraug.export/1"] = Field("sneakeraug.export/1", alias="schema")
    model_id: str
    source: Source
    edit: Edit
    result: Result
    alt: str
    versions: dict[str, str] = Field(max_length=MOST_ENTRIES)

    def to_json(self) -> str:
        """The manifest as its file holds it."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest's file.

    Raises
    ------
    InputError
        If it is none.
    """
    if len(data) > LARGEST_BYTES:
        raise InputError(
            f"The manifest has {len(data):,} bytes; at most {LARGEST_BYTES:,} are expected. "
            "Give the .manifest.json that an export wrote."
        )
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:80] or "the whole file"
        raise InputError(
            f"The manifest cannot be read ({where}: {first['msg'].lower()[:120]}). "
            "Give the .manifest.json that an export wrote."
        ) from exc


def encoder_versions() -> dict[str, str]:
    """Return the versions of every library that decides a picture's bytes."""
    return {
        "pillow": version("pillow"),
        "libjpeg-turbo": str(features.version("libjpeg_turbo")),
        "zlib": str(features.version("zlib_ng") or features.version("zlib")),
        "opencv": version("opencv-python-headless"),
        "numpy": version("numpy"),
        "machine": platform.machine(),
    }


def check_source(manifest: Manifest, source: bytes) -> None:
    """Refuse another upload than the manifest's.

    Raises
    ------
    InputError
        Naming both hashes.
    """
    actual = hashlib.sha256(source).hexdigest()
    if actual != manifest.source.sha256:
        raise InputError(
            f"The source has sha256 {actual[:12]}…, the manifest says "
            f"{manifest.source.sha256[:12]}…; the very file that was exported from is expected, "
            f"{manifest.source.width}×{manifest.source.height} px {manifest.source.format[:10]}."
        )


def check_result(manifest: Manifest, data: bytes, now: Mapping[str, str]) -> None:
    """Refuse a picture that is not the manifest's to the last bit.

    Parameters
    ----------
    manifest
        What was written.
    data
        What was rebuilt.
    now
        The versions that rebuilt it.

    Raises
    ------
    InputError
        Naming the versions that differ from those that wrote it.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual == manifest.result.sha256:
        return
    differ = [
        f"{name} {str(then)[:30]} (here {now.get(name, 'none')})"
        for name, then in list(manifest.versions.items())[:20]
        if now.get(name) != then
    ]
    why = (
        f"it was written with {', '.join(differ)}. Rebuild it with those versions"
        if differ
        else "the versions are those that wrote it, so its edit or encoding was changed. "
        "Give the manifest as it was exported"
    )
    raise InputError(
        f"The rebuilt picture has sha256 {actual[:12]}…, the manifest says "
        f"{manifest.result.sha256[:12]}…: {why}."
    )
