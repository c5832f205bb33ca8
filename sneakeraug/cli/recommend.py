"""`sneakeraug recommend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import Category, Json, Model
from sneakeraug.cli.output import print_json, print_recommendation, progress
from sneakeraug.vocabulary import (
    CAMPAIGN_TYPES,
    DEFAULT_CATEGORY,
    GENDERS,
    INDUSTRIES,
    SNEAKER_TYPES,
    TARGETS,
)


def recommend(
    image: Annotated[str, typer.Argument(help="Picture file.")],
    target: Annotated[str, typer.Option(help=", ".join(TARGETS))] = "click_through",
    campaign_type: Annotated[str, typer.Option(help=", ".join(CAMPAIGN_TYPES))] = "promotional",
    industry: Annotated[str, typer.Option(help=", ".join(INDUSTRIES))] = "retail",
    sneaker_type: Annotated[str | None, typer.Option(help=", ".join(SNEAKER_TYPES))] = None,
    gender: Annotated[str | None, typer.Option(help=", ".join(GENDERS))] = None,
    alternates: Annotated[int, typer.Option(help="Catalog pictures to offer.")] = 5,
    model: Model = None,
    category: Category = DEFAULT_CATEGORY,
    save: Annotated[Path | None, typer.Option(help="Write the variants at full size here.")] = None,
    as_json: Json = False,
) -> None:
    """Score a picture, its five augmentations and alternates for one campaign."""
    from sneakeraug.records import Context, direction_of

    direction_of(target)
    Context.of(
        campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
    )
    from sneakeraug.intake.decode import decode_photo, read_photo_bytes
    from sneakeraug.settings import get_settings

    limits = get_settings().limits
    path = Path(image)
    data = read_photo_bytes(path, limits)
    decode_photo(data, limits, path.name)  # a bad picture is said before a model is loaded
    from sneakeraug.recommend import load

    recommender = load(model, category=category)
    result = recommender.recommend(
        data,
        path.name,
        target=target,
        campaign_type=campaign_type,
        industry=industry,
        sneaker_type=sneaker_type,
        gender=gender,
        n_alternates=alternates,
    )
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for variant in result.variants:
            png = recommender.render(data, variant.augmentation, variant.parameters)
            (save / f"{variant.rank}-{variant.augmentation}.png").write_bytes(png)
        progress(f"Wrote {len(result.variants)} pictures to {save}")
    if as_json:
        print_json(result.to_dict())
    else:
        print_recommendation(result)
