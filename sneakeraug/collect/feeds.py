"""Records of the files that shops export: CSV and TSV, JSON lines, Merchant XML; one at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from lxml import etree

TABLES: Final = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".xml")

MOST_FIELD_CHARS: Final = 131_072


def read_records(file: BinaryIO, name: str) -> Iterator[tuple[int, object]]:
    """Yield the records of a file, numbered as whoever wrote it would count them.

    Parameters
    ----------
    file
        Open; read as it is asked for.
    name
        Its suffix, one of `TABLES`, says how it is read.

    Yields
    ------
    number
        Row of a table, line of JSON lines, item of a feed.
    record
        A mapping of headers to values; text where the record cannot be read, saying why; anything
        else where JSON holds no object.
    """
    kind = PurePosixPath(name).suffix.lower()
    if kind == ".xml":
        return _xml_records(file)
    if kind in (".jsonl", ".ndjson"):
        return _json_records(file)
    return _csv_records(file)


def _csv_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Records of a CSV or TSV, whichever its first line is; numbered as a spreadsheet would."""
    csv.field_size_limit(MOST_FIELD_CHARS)
    with io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as text:
        head = text.readline(MOST_FIELD_CHARS)
        delimiter = max("\t,;|", key=head.count)
        header = next(csv.reader([head], delimiter=delimiter), [])
        reader = csv.reader(text, delimiter=delimiter)
        number = 1
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield number, f"cannot be read ({exc})"
                continue
            if not any(cells):
                continue
            if len(cells) > len(header):
                yield number, f"{len(cells)} cells under {len(header)} headers"
                continue
            yield number, dict(zip(header, cells, strict=False))


def _json_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """One record a line."""
    number = 0
    while line := file.readline(MOST_FIELD_CHARS * 8):
        number += 1
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, "the line is no JSON"


def _xml_records(file: BinaryIO) -> Iterator[tuple[int, object]]:
    """Items of a Merchant feed (RSS 2.0 or Atom), one in memory at a time."""
    number = 0
    events = etree.iterparse(
        file,
        tag=("{*}item", "{*}entry"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
    )
    try:
        for _, item in events:
            number += 1
            record: dict[str, object] = {}
            for child in item:
                if isinstance(child.tag, str):
                    record.setdefault(etree.QName(child).localname, "".join(child.itertext()))
            yield number, record
            item.clear()
            while item.getprevious() is not None:
                del item.getparent()[0]
    except etree.XMLSyntaxError as exc:
        yield number + 1, f"the feed breaks off here ({str(exc)[:80]})"
