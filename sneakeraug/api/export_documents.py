"""What a request for files holds: a picture or a product, its campaign, and what is wanted."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from sneakeraug.api.documents import (
    Base64Picture,
    CampaignFields,
    Name,
    ProductId,
    open_terms,
    whole,
)
from sneakeraug.bundle import ReportKind, SinglePart, Wish
from sneakeraug.export.mail_tools import Tool
from sneakeraug.export.manifest import Manifest
from sneakeraug.export.picture import WIDTHS_PX, Kind
from sneakeraug.export.report import LONGEST_NAME, LONGEST_NOTE
from sneakeraug.export.snippet import LONGEST_ADDRESS, LONGEST_ALT
from sneakeraug.export.tables import TableKind
from sneakeraug.records import Record
from sneakeraug.vocabulary import AUGMENTATIONS

INSTEAD: Final = "A product of the catalog; its picture is taken instead of one that is sent."

_TEXT, _NULL = {"type": "string"}, {"type": "null"}
ONE_OF_BOTH: Final[dict[str, Any]] = {
    "oneOf": [
        {"required": ["image"], "properties": {"image": _TEXT, "product_id": _NULL}},
        {"required": ["product_id"], "properties": {"image": _NULL, "product_id": _TEXT}},
    ]
}

ADDRESS: Final = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/?=&%#+-]*)?$"
"""What is surely taken for a web address; other letters may be too."""

Address = Annotated[
    str,
    Field(max_length=LONGEST_ADDRESS, json_schema_extra={"pattern": ADDRESS}),  # see check_address
]
SignedName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")]


class ExportFields(CampaignFields):
    """A campaign, and what is wanted of the picture, as `sneakeraug export` takes it."""

    product_id: ProductId | None = Field(None, description=INSTEAD)
    variant: Annotated[str | None, open_terms(AUGMENTATIONS)] = Field(
        None, description="The advised one where left out; of a product its picture as it is."
    )
    width: Annotated[Literal[600, 1200], BeforeValidator(whole)] = WIDTHS_PX[0]
    format: Kind = "jpeg"
    alt: Annotated[str, Field(min_length=1, max_length=LONGEST_ALT, pattern=r"\S")] | None = Field(
        None, description="Alternative text; proposed from name and edit where left out."
    )
    link: Address | None = Field(None, description="Where a click leads.")
    picture_url: Address | None = Field(None, description="Where the picture will be.")
    results: TableKind | None = Field(None, description="Add all figures.")
    report: ReportKind | None = Field(None, description="Add a sign-off report; needs `by`.")
    by: SignedName | None = Field(None, description="Who signs off.")
    on: SignedName | None = Field(None, description="When; today, UTC, where left out.")
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = Field(
        "", description="What who signs adds."
    )
    tool: Tool | None = Field(None, description="Add what this e-mail tool takes in.")
    only: SinglePart | None = Field(
        None, description="Answer this file alone; a zip of all where left out."
    )

    def wish(self) -> Wish:
        """Return what is wanted of the picture.

        Raises
        ------
        InputError
            If it cannot be made.
        """
        as_it_is = "original" if self.product_id is not None else None
        wish = Wish(
            variant=self.variant or as_it_is,
            width_px=self.width,
            kind=self.format,
            alt=self.alt,
            link=self.link,
            picture_url=self.picture_url,
            results=self.results,
            report=self.report,
            by=self.by or "",
            on=self.on,
            note=self.note,
            tool=self.tool,
        )
        if self.only is not None:
            wish.check_part(self.only)
        return wish


class RebuildFields(Record):
    """What a manifest is rebuilt from, where it is no picture that was sent."""

    product_id: ProductId | None = Field(None, description=INSTEAD)


class ExportRequest(ExportFields):
    """A picture or a product, its campaign, and what is wanted of it."""

    model_config = ConfigDict(json_schema_extra=ONE_OF_BOTH)

    image: Base64Picture | None = None
    name: Name = "picture"


class RebuildRequest(RebuildFields):
    """The manifest of an export, and the picture or the product it was made from."""

    model_config = ConfigDict(json_schema_extra=ONE_OF_BOTH)

    manifest: Manifest
    image: Base64Picture | None = None
    name: Name = "picture"
