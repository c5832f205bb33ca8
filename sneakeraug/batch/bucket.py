"""Pictures in an object store, by an address such as ``s3://bucket/prefix``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sneakeraug.collect.bundle import path_inside
from sneakeraug.errors import InputError
from sneakeraug.intake.decode import check_bytes
from sneakeraug.limits import Limits

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, S3FileSystem

SCHEME: Final = "s3://"

BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""As Amazon's rules for bucket names have it."""

ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Variables that name another store than Amazon's, as the AWS tools read them."""

CONNECT_WITHIN_S: Final = 5
ATTEMPTS: Final = 3


def is_address(text: object) -> bool:
    """Whether a user's own argument is an object store's address; a path never is."""
    return isinstance(text, str) and text.lower().startswith(SCHEME)


class Bucket:
    """The objects of a bucket below a prefix; safe to share between threads.

    Credentials, region and endpoint come from the environment and AWS's own files alone, as
    pyarrow reads them; an address holds none.

    Parameters
    ----------
    address
        From the user's own command line.

    Raises
    ------
    InputError
        If it is no such address.
    """

    def __init__(self, address: str) -> None:
        bucket, _, prefix = address[len(SCHEME) :].partition("/")
        prefix = prefix.strip("/")
        if not BUCKET_NAME.fullmatch(bucket) or (prefix and path_inside(prefix) is None):
            raise InputError(
                "The address of an object store was given that is none; s3://BUCKET/PREFIX is "
                "expected. Credentials, region and endpoint come from AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL."
            )
        self._root = f"{bucket}/{prefix}".rstrip("/")
        self.address = f"{SCHEME}{self._root}"

    def names(self) -> Iterator[str]:
        """Yield the objects below the prefix by name; all names are in memory.

        Raises
        ------
        InputError
            If they cannot be listed.
        """
        yield from self._stamps

    def stamp(self, name: str) -> str:
        """Return what changes when an object does; nothing where there is none."""
        return self._stamps.get(name, "")

    def read(self, name: str, limits: Limits) -> bytes:
        """Return an object's bytes, at most as many as a picture may have.

        Raises
        ------
        InputError
            If there is none of that name below the prefix, or it is too large.
        OSError
            If the store does not give it.
        """
        inside = path_inside(name)
        if inside is None:
            raise InputError(
                f"The picture {name[:100]!r} leads out of {self.address!r}; a name below it is "
                "expected."
            )
        try:
            with self._store.open_input_file(f"{self._root}/{inside}") as file:
                check_bytes(file.size(), limits, name)
                data: bytes = file.read(limits.max_bytes)
                return data
        except FileNotFoundError as exc:
            raise InputError(
                f"There is no object {name[:100]!r} below {self.address!r}. Check its name."
            ) from exc

    @cached_property
    def _stamps(self) -> dict[str, str]:
        from pyarrow.fs import FileSelector

        try:
            found = self._store.get_file_info(FileSelector(self._root, recursive=True))
        except OSError as exc:
            raise InputError(
                f"{self.address!r} cannot be listed: {_reason(exc)}. Check the address, and "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL."
            ) from exc
        files = sorted((entry.path, _stamp(entry)) for entry in found if entry.is_file)
        start = len(self._root) + 1
        return {path[start:]: stamp for path, stamp in files}

    @cached_property
    def _store(self) -> S3FileSystem:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

        endpoint = next(filter(None, map(os.environ.get, ENDPOINTS)), None)
        other = urlsplit(endpoint) if endpoint else None
        return S3FileSystem(
            endpoint_override=other.netloc if other else None,
            scheme=other.scheme if other else None,
            connect_timeout=CONNECT_WITHIN_S,
            retry_strategy=AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        )


def _stamp(entry: FileInfo) -> str:
    return f"{entry.size} {entry.mtime_ns}"


def _reason(exc: OSError) -> str:
    """What the store said, short."""
    return " ".join(str(exc).split())[:200].rstrip(".")
