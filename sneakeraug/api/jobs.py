"""What the service's threads do: documents and pictures in, the bytes of an answer out."""

from __future__ import annotations

import json

from pydantic import BaseModel

from sneakeraug import registry
from sneakeraug.api.documents import (
    BatchItem,
    ModelsAnswer,
    ModelSummary,
    SearchFields,
    SearchQuery,
)
from sneakeraug.api.engine import Engine
from sneakeraug.api.reading import GivenFile, read_search
from sneakeraug.card import read_card
from sneakeraug.catalog.products import Catalog
from sneakeraug.errors import ModelNotFoundError, RequestError
from sneakeraug.recommend import Campaign, Recommender


def prepare(engine: Engine, campaign: Campaign) -> tuple[Recommender, Campaign]:
    """Return the recommender, after a look whether it was trained for what is asked.

    Raises
    ------
    TargetError
        If it was not.
    SneakeraugError
        If no model serves.
    """
    recommender = engine.get()
    recommender.model.direction(campaign["target"])
    recommender.model.check_guard(campaign["guard"])
    return recommender, campaign


def recommend_item(
    engine: Recommender, index: int, picture: GivenFile, campaign: Campaign
) -> bytes:
    """Return what comes of one picture of a batch; its errors are the caller's to say."""
    result = engine.recommend(picture.read(), picture.name, **campaign)
    return to_json(BatchItem(index=index, name=picture.name, recommendation=result))


def search_picture(engine: Engine, content_type: str, body: bytes) -> bytes:
    """Return the products most like a picture.

    Raises
    ------
    SneakeraugError
        If the request or its picture cannot be used, or no model serves.
    """
    picture, fields = read_search(content_type, body)
    return _search(engine.get(), picture.read(), fields)


def search_product(engine: Engine, query: SearchQuery) -> bytes:
    """Return the products most like one of the catalog.

    Raises
    ------
    RequestError
        If there is no such product.
    """
    recommender = engine.get()
    return _search(recommender, product_picture(recommender.catalog, query.product_id), query)


def product_picture(catalog: Catalog, product_id: str) -> bytes:
    """Return the picture of a product.

    Raises
    ------
    RequestError
        If there is no such product.
    """
    if not catalog.has(product_id):
        raise RequestError(
            f"There is no product {product_id[:60]!r} in the catalog. Send a picture of what is "
            "not in it.",
            reason="not_found",
        )
    return catalog.image_bytes(product_id)


def _search(engine: Recommender, data: bytes, fields: SearchFields) -> bytes:
    found, note = engine.search(
        data,
        sneaker_type=fields.sneaker_type,
        gender=fields.gender,
        n=fields.n,
        among=fields.among(),
    )
    products = [product.model_dump() | {"similarity": like} for product, like in found]
    return json.dumps({"products": products, "note": note}).encode()


def list_cards(engine: Engine) -> bytes:
    """Return the model that serves and the model folders, in short."""
    models_dir = engine.settings.models_dir
    try:
        active = registry.active_models(models_dir)
    except ModelNotFoundError:
        active = {}
    cards = [
        read_card(registry.model_folder(models_dir, model_id))
        for model_id in registry.list_models(models_dir)
    ]
    summaries = [
        ModelSummary(
            model_id=card.model_id,
            category=card.category,
            is_active=active.get(card.category) == card.model_id,
            is_demo=card.is_demo,
            created_utc=card.created_utc,
            targets=card.vocabulary.get("target", ()),
        )
        for card in cards
    ]
    return to_json(ModelsAnswer(serving=engine.model_id, active=active, models=tuple(summaries)))


def card_json(engine: Engine, model_id: str) -> bytes:
    """Return a model's card.

    Raises
    ------
    RequestError
        If there is no such model; its folder's place is told to nobody.
    """
    known = registry.list_models(engine.settings.models_dir)
    if model_id not in known:
        raise RequestError(
            f"There is no model {model_id[:64]!r}; there is: {', '.join(known) or 'none'}. "
            "Choose one of them.",
            reason="not_found",
        )
    folder = registry.model_folder(engine.settings.models_dir, model_id)
    return read_card(folder).to_json().encode()


def to_json(record: BaseModel) -> bytes:
    """Return a record as JSON."""
    return record.model_dump_json(by_alias=True).encode()
