"""Everything one export writes, by file name; what the command line and the service hand over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sneakeraug.analysis import Analysis
from sneakeraug.delivery import Delivery, deliver, item_of
from sneakeraug.errors import InputError
from sneakeraug.export import tables
from sneakeraug.export.mail_tools import Tool, check_addresses, write_tool_files, zip_files
from sneakeraug.export.picture import MIME, WIDTHS_PX, Kind
from sneakeraug.export.report import SignOff
from sneakeraug.export.snippet import check_address, check_alt, propose_alt, write_snippet
from sneakeraug.files import safe_stem
from sneakeraug.recommend import Recommender
from sneakeraug.records import Recommendation
from sneakeraug.signoff import REPORTS, compose_report, write_report
from sneakeraug.vocabulary import AUGMENTATIONS

SinglePart = Literal["picture", "html", "manifest", "results", "report"]
"""A part of an export that is one file."""

Part = SinglePart | Literal["tool"]
ReportKind = Literal["html", "pdf"]


@dataclass(frozen=True)
class Wish:
    """What is wanted of a scored picture, checked before anything is made.

    Attributes
    ----------
    variant
        One of `AUGMENTATIONS`; the advised one where None, the original where none is.
    width_px, kind
        See `export.picture.fit_picture`.
    alt
        Alternative text; proposed from name and edit where None.
    link, picture_url
        Where a click leads, and where the picture will be.
    results, report, tool
        Which table, report and e-mail tool's files are wanted beside it; none where None.
    by, on, note
        Who signs the report, when (today, UTC, where None), and what they add.

    Raises
    ------
    InputError
        If one of them cannot be used.
    """

    variant: str | None = None
    width_px: int = WIDTHS_PX[0]
    kind: Kind = "jpeg"
    alt: str | None = None
    link: str | None = None
    picture_url: str | None = None
    results: tables.TableKind | None = None
    report: ReportKind | None = None
    by: str = ""
    on: str | None = None
    note: str = ""
    tool: Tool | None = None

    def __post_init__(self) -> None:
        """Refuse what no file could be made of."""
        if self.variant is not None and self.variant not in AUGMENTATIONS:
            known = ", ".join(AUGMENTATIONS)
            raise InputError(
                f"There is no variant {self.variant[:40]!r}; expected one of: {known}."
            )
        if self.alt is not None:
            check_alt(self.alt)
        if self.link is not None:
            check_address("The link", self.link)
        if self.picture_url is not None:
            check_address("The picture's address", self.picture_url)
        if self.tool is not None:
            check_addresses(self.tool, self)
        if self.report is not None:
            self.sign_off()

    def check_part(self, part: SinglePart) -> None:
        """Refuse a part whose format was not named.

        Raises
        ------
        InputError
            If it is one that is made on demand, and none was asked for.
        """
        if part in ("results", "report") and getattr(self, part) is None:
            raise InputError(
                f"The {part} alone are wanted, and their format is missing; name it in `{part}`."
            )

    def sign_off(self) -> SignOff:
        """Return who signs, when, and what they add.

        Raises
        ------
        InputError
            If nobody is named, or a text is too long.
        """
        return SignOff(self.by, self.on or f"{datetime.now(UTC):%Y-%m-%d}", self.note)


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export.

    Attributes
    ----------
    part
        What it is.
    name
        Without a folder.
    mime
        Its media type.
    data
        Its bytes.
    """

    part: Part
    name: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Bundle:
    """A delivery and all of its files."""

    delivery: Delivery
    files: tuple[ExportedFile, ...]

    def find(self, part: SinglePart) -> ExportedFile:
        """Return the file of a part that was asked for, see `Wish.check_part`."""
        return next(file for file in self.files if file.part == part)

    def to_zip(self) -> bytes:
        """Return all files as a zip; the same files give the same bytes."""
        return zip_files({file.name: file.data for file in self.files})


def make_bundle(
    recommender: Recommender,
    analysis: Analysis,
    recommendation: Recommendation,
    source: bytes,
    name: str,
    wish: Wish,
) -> Bundle:
    """Make everything that is wanted of a scored picture; nothing is written to a disk.

    Parameters
    ----------
    recommender
        What scored it.
    analysis, recommendation
        What came back for it.
    source
        The picture's file.
    name
        Of the picture; names of files follow it.
    wish
        What is wanted.

    Raises
    ------
    PhotoError, InputError
        If the picture cannot be made to fit, or a tool is told too little.
    """
    context = recommendation.request.context
    variant = wish.variant or recommendation.best_augmentation.augmentation or "original"
    alt = wish.alt
    if alt is None:
        category = recommender.card.category
        alt = propose_alt(name, variant, context.sneaker_type, context.gender, category)
    limits = recommender.settings.limits
    made = deliver(source, name, recommendation, variant, alt, limits, wish.width_px, wish.kind)
    picture, stem = made.picture, made.stem
    snippet = write_snippet(picture, wish.picture_url or made.file_name, made.alt, wish.link)
    manifest = made.manifest.to_json()
    files = [
        ExportedFile("picture", made.file_name, MIME[picture.kind], picture.data),
        ExportedFile("html", f"{stem}.html", "text/html", snippet.encode()),
        ExportedFile("manifest", f"{stem}.manifest.json", "application/json", manifest.encode()),
    ]
    if wish.results is not None:
        table = tables.write_results(recommendation, wish.results)
        called = f"{safe_stem(name)}-results.{wish.results}"
        files.append(ExportedFile("results", called, tables.MIME[wish.results], table))
    if wish.tool is not None:
        item = item_of(made, recommendation, name, wish.picture_url, wish.link)
        files += [
            ExportedFile("tool", f"{stem}-{called}", "application/octet-stream", data)
            for called, data in write_tool_files(wish.tool, item).items()
        ]
    if wish.report is not None:
        report = compose_report(
            recommendation,
            made,
            {each.augmentation: each.photo for each in analysis.variants},
            recommender.catalog,
            recommender.card,
            limits,
            wish.sign_off(),
            name,
        )
        data = write_report(report, wish.report)
        called = f"{stem}-sign-off.{wish.report}"
        files.append(ExportedFile("report", called, REPORTS[wish.report], data))
    return Bundle(made, tuple(files))
