"""A recommendation's figures as a table: CSV, Parquet, Excel; and as the JSON of the contract."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from sneakeraug.errors import InputError
from sneakeraug.files import safe_cell, table_bytes
from sneakeraug.records import Candidate, Recommendation

TableKind = Literal["csv", "parquet", "json", "xlsx"]

KINDS: Final[tuple[TableKind, ...]] = ("csv", "xlsx", "parquet", "json")

MIME: Final[dict[TableKind, str]] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}

SHARED: Final = (
    "model_id",
    "image_sha256",
    "target",
    "direction",
    "campaign_type",
    "industry",
    "sneaker_type",
    "gender",
)
"""What every row says of the request."""

TEXTS: Final = ("picture", "name", "product_id", "brand", *SHARED)
NUMBERS: Final = (
    "p",
    "p_low",
    "p_high",
    "predicted_difference",
    "difference_low",
    "difference_high",
    "p_best",
    "similarity",
)
COLUMNS: Final = (
    "picture",
    "rank",
    "name",
    "product_id",
    "brand",
    *NUMBERS,
    "is_barred",
    "is_recommended",
    *SHARED,
)
"""``picture`` is ``variant`` or ``alternate``; ranges are of 90 %; a cell is empty where a column
says nothing of its row."""

PERCENT: Final = "0.00%"
POINTS: Final = "+0.00%;-0.00%;0.00%"
UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""

HEAD_FILL, HEAD_TEXT, PICK_FILL = "005F99", "FFFFFF", "E2F0F9"


def result_rows(recommendation: Recommendation) -> list[dict[str, Any]]:
    """Return a row for every variant and alternate, in their order, with all of `COLUMNS`."""
    request = recommendation.request
    shared = {
        "model_id": recommendation.model_id,
        "image_sha256": request.image_sha256,
        "target": request.target,
        "direction": request.direction,
        **request.context.model_dump(),
    }
    best, offered = recommendation.best_augmentation, recommendation.best_alternate
    variants = [
        {
            "picture": "variant",
            "name": variant.augmentation,
            "p_best": variant.p_best,
            "is_recommended": variant.augmentation == best.augmentation,
            **_figures(variant),
        }
        for variant in recommendation.variants
    ]
    alternates = [
        {
            "picture": "alternate",
            "name": alternate.name,
            "product_id": alternate.product_id,
            "brand": alternate.brand,
            "similarity": alternate.similarity,
            "is_recommended": alternate.product_id == offered.product_id,
            **_figures(alternate),
        }
        for alternate in recommendation.alternates
    ]
    rows: list[dict[str, Any]] = [shared | row for row in (*variants, *alternates)]
    return [{column: row.get(column) for column in COLUMNS} for row in rows]


def write_results(recommendation: Recommendation, kind: str) -> bytes:
    """Return a recommendation's figures as a file.

    Parameters
    ----------
    recommendation
        What came back.
    kind
        One of `KINDS`; ``json`` is the document of the contract. In the tables no text is taken
        for a formula.

    Raises
    ------
    InputError
        If the kind is another.
    """
    write = _WRITERS.get(kind)
    if write is None:
        raise InputError(
            f"The format {kind[:20]!r} is not offered; one of {', '.join(KINDS)} is expected."
        )
    return write(recommendation)


def _figures(scored: Candidate) -> dict[str, Any]:
    return {
        "rank": scored.rank,
        "p": scored.p,
        "p_low": scored.interval[0],
        "p_high": scored.interval[1],
        "predicted_difference": scored.predicted_difference,
        "difference_low": scored.difference_interval[0],
        "difference_high": scored.difference_interval[1],
        "is_barred": scored.is_barred,
    }


def _csv(recommendation: Recommendation) -> bytes:
    return table_bytes(COLUMNS, result_rows(recommendation))


def _json(recommendation: Recommendation) -> bytes:
    document = json.dumps(recommendation.to_dict(), indent=2, ensure_ascii=False)
    return f"{document}\n".encode()


def _parquet(recommendation: Recommendation) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds: dict[str, Any] = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(NUMBERS, pa.float64())
    kinds |= {"rank": pa.int32(), "is_barred": pa.bool_(), "is_recommended": pa.bool_()}
    schema = pa.schema([(column, kinds[column]) for column in COLUMNS])
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(result_rows(recommendation), schema=schema), buffer)
    return buffer.getvalue()


def _xlsx(recommendation: Recommendation) -> bytes:
    """Figures on the first sheet; what they mean, and do not mean, on the second."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.title = "Figures"
    head = PatternFill("solid", fgColor=HEAD_FILL)
    pick = PatternFill("solid", fgColor=PICK_FILL)
    for number, column in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, number, column.replace("_", " "))
        cell.font, cell.fill = Font(bold=True, color=HEAD_TEXT), head
        sheet.column_dimensions[get_column_letter(number)].width = _width(column)
    for line, row in enumerate(result_rows(recommendation), start=2):
        for number, column in enumerate(COLUMNS, start=1):
            cell = _fill(sheet.cell(line, number), row[column])
            if column in NUMBERS:
                cell.number_format = POINTS if "difference" in column else PERCENT
            if row["is_recommended"]:
                cell.fill = pick
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = sheet.dimensions
    about = book.create_sheet("About")
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 22, 100
    for line, (what, said) in enumerate(_about(recommendation), start=1):
        _fill(about.cell(line, 1), what).font = Font(bold=True)
        _fill(about.cell(line, 2), said).alignment = Alignment(wrap_text=True, vertical="top")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _fill(cell: Any, value: object) -> Any:
    """Put a value into a cell; text stays text, whatever it begins with."""
    if isinstance(value, str):
        cell.value = UNPRINTABLE.sub(" ", str(safe_cell(value)))[:32_000]
        cell.data_type = "s"
    else:
        cell.value = value
    return cell


def _width(column: str) -> int:
    return {"name": 26, "image_sha256": 20, "product_id": 20}.get(column, max(10, len(column) + 2))


def _about(recommendation: Recommendation) -> list[tuple[str, str]]:
    guards: Mapping[str, float] = recommendation.request.guard
    return [
        ("Your picture", recommendation.best_augmentation.sentence),
        ("Catalog", recommendation.best_alternate.sentence),
        *(("Note", note) for note in recommendation.quality.reasons),
        *(("Note", note) for note in recommendation.warnings),
        *(("Guard", f"{name}: at most {limit:g} in 10,000") for name, limit in guards.items()),
        ("Ranges", "90 % ranges. Differences are predicted, not caused."),
        ("Model", recommendation.model_id),
    ]


_WRITERS: Final[dict[str, Callable[[Recommendation], bytes]]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
    "json": _json,
}
