"""Exports over the service: requests read, files made, pictures rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sneakeraug import delivery
from sneakeraug.api import jobs
from sneakeraug.api.engine import Engine
from sneakeraug.api.export_documents import (
    ExportFields,
    ExportRequest,
    RebuildFields,
    RebuildRequest,
)
from sneakeraug.api.reading import (
    FORM,
    JSON,
    GivenFile,
    from_fields,
    from_form,
    from_json,
    media_type_of,
    only_file,
)
from sneakeraug.bundle import make_bundle
from sneakeraug.errors import InputError
from sneakeraug.export.manifest import Manifest, read_manifest
from sneakeraug.export.picture import ENDINGS, MIME
from sneakeraug.recommend import Recommender

ZIP: Final = "application/zip"

NOT_ONE: Final = "Either image or product_id is expected; send one of the two."


@dataclass(frozen=True)
class Download:
    """A file as an answer.

    Attributes
    ----------
    name
        What it is saved as; letters, digits, dots, dashes and underscores.
    media_type, data
        What it is.
    """

    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What has a browser save it instead of showing it."""
        return {"Content-Disposition": f'attachment; filename="{self.name}"'}


def read_export(content_type: str, body: bytes) -> tuple[GivenFile | None, ExportFields]:
    """Read a picture, or the name of a product in its place, and what is wanted of it.

    Raises
    ------
    RequestError, InputError
        If it is neither JSON nor a form, or a field is wrong.
    """
    if media_type_of(content_type, JSON, FORM) == JSON:
        asked = from_json(ExportRequest, body)
        return _given(asked.image, asked.name, asked.product_id), asked
    texts, files = from_form(content_type, body, "image")
    fields = from_fields(ExportFields, texts)
    return _picture_or(fields.product_id, files), fields


def read_rebuild(content_type: str, body: bytes) -> tuple[GivenFile | None, str | None, Manifest]:
    """Read a manifest and the picture it was made from, or the product whose picture that was.

    Raises
    ------
    RequestError, InputError
        If it is neither JSON nor a form, or no manifest.
    """
    if media_type_of(content_type, JSON, FORM) == JSON:
        asked = from_json(RebuildRequest, body)
        given = _given(asked.image, asked.name, asked.product_id)
        return given, asked.product_id, asked.manifest
    texts, files = from_form(content_type, body, "image", "manifest")
    product_id = from_fields(RebuildFields, texts).product_id
    picture = _picture_or(product_id, files)
    advice = "Send the .manifest.json that an export wrote."
    return picture, product_id, read_manifest(only_file(files, "manifest", advice).read())


def _given(image: str | None, name: str, product_id: str | None) -> GivenFile | None:
    """The picture of a document; none where a product stands in its place."""
    if (image is None) == (product_id is None):
        raise InputError(NOT_ONE)
    return None if image is None else GivenFile(name, image)


def _picture_or(product_id: str | None, files: dict[str, list[GivenFile]]) -> GivenFile | None:
    if product_id is not None and not files["image"]:
        return None
    if product_id is not None:
        raise InputError(NOT_ONE)
    return only_file(files, "image", "A product of the catalog is named by product_id instead.")


def export(engine: Engine, content_type: str, body: bytes) -> Download:
    """Make what is wanted of a picture: one file, or a zip of all.

    Raises
    ------
    SneakeraugError
        If the request, its picture or its product cannot be used, or no model serves.
    """
    picture, fields = read_export(content_type, body)
    wish = fields.wish()
    recommender, campaign = jobs.prepare(engine, fields.campaign())
    if picture is None:
        source, name = _product(recommender, fields.product_id or "")
    else:
        source, name = picture.read(), picture.name
    analysis = recommender.analyse(source, name)
    recommendation = recommender.score(analysis, **campaign)
    made = make_bundle(recommender, analysis, recommendation, source, name, wish)
    if fields.only is None:
        return Download(f"{made.delivery.stem}.zip", ZIP, made.to_zip())
    file = made.find(fields.only)
    return Download(file.name, file.mime, file.data)


def rebuild(engine: Engine, content_type: str, body: bytes) -> Download:
    """Make the picture of a manifest again, the same to the last bit.

    Raises
    ------
    SneakeraugError
        If the request cannot be used, or the picture is not the manifest's.
    """
    picture, product_id, manifest = read_rebuild(content_type, body)
    if picture is None:
        source, _ = _product(engine.get(), product_id or "")
    else:
        source = picture.read()
    limits = engine.settings.limits
    data = delivery.rebuild(manifest, source, limits, is_bounded=True)
    kind = manifest.result.encoding.kind
    return Download(f"rebuilt.{ENDINGS[kind]}", MIME[kind], data)


def _product(recommender: Recommender, product_id: str) -> tuple[bytes, str]:
    """A product's picture, and its name."""
    catalog = recommender.catalog
    return jobs.product_picture(catalog, product_id), catalog.find(product_id).name
