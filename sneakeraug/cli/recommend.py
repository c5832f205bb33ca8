"""`sneakeraug recommend`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import (
    CampaignType,
    Category,
    Gender,
    Guards,
    Industry,
    Json,
    Model,
    ServingBackend,
    ServingDevice,
    SneakerType,
    Target,
)
from sneakeraug.cli.output import print_json, print_recommendation, progress
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import DEFAULT_CATEGORY


def recommend(
    image: Annotated[str, typer.Argument(help="Picture file.")],
    target: Target = "click_through",
    campaign_type: CampaignType = "promotional",
    industry: Industry = "retail",
    sneaker_type: SneakerType = None,
    gender: Gender = None,
    alternates: Annotated[int, typer.Option(help="Catalog pictures to offer.")] = 5,
    guard: Guards = None,
    model: Model = None,
    category: Category = DEFAULT_CATEGORY,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    save: Annotated[Path | None, typer.Option(help="Write the variants at full size here.")] = None,
    as_json: Json = False,
) -> None:
    """Score a picture, its five augmentations and alternates for one campaign."""
    from sneakeraug.records import Context, direction_of

    direction_of(target)
    guards = parse_guards(guard or [])
    Context.of(
        campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
    )
    from sneakeraug.intake.decode import decode_photo, read_photo_bytes
    from sneakeraug.settings import read_settings

    settings = read_settings(device=device, backend=backend)
    limits = settings.limits
    path = Path(image)
    data = read_photo_bytes(path, limits)
    decode_photo(data, limits, path.name)  # a bad picture is said before a model is loaded
    from sneakeraug.serving import load

    recommender = load(model, category=category, settings=settings)
    result = recommender.recommend(
        data,
        path.name,
        target=target,
        campaign_type=campaign_type,
        industry=industry,
        sneaker_type=sneaker_type,
        gender=gender,
        n_alternates=alternates,
        guard=guards,
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


def parse_guards(given: Sequence[str]) -> dict[str, float]:
    """Read guards of the form ``TARGET=N``.

    Raises
    ------
    ContextError, InputError
        If one has another form, names a target twice or an unknown one, or its limit is no number
        of 0 to 10,000.
    """
    from sneakeraug.rank.guards import check_guard

    guards: dict[str, float] = {}
    for text in given:
        target, separator, limit = text.partition("=")
        try:
            number = float(limit)
        except ValueError:
            separator = ""
        if not separator:
            raise InputError(
                f"The guard {text!r} is not usable; TARGET=N is expected, for instance "
                "unsubscribed=5."
            )
        if target in guards:
            raise InputError(f"The guard of {target} is given twice; one limit is expected.")
        guards[target] = number
    check_guard(guards)
    return guards
