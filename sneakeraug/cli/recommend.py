"""`sneakeraug recommend`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sneakeraug.cli.options import (
    Alternates,
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
from sneakeraug.vocabulary import DEFAULT_CATEGORY

if TYPE_CHECKING:
    from sneakeraug.analysis import Analysis
    from sneakeraug.recommend import Campaign, Recommender
    from sneakeraug.records import Recommendation
    from sneakeraug.settings import Settings


def recommend(
    image: Annotated[str, typer.Argument(help="Picture file.")],
    target: Target = "click_through",
    campaign_type: CampaignType = "promotional",
    industry: Industry = "retail",
    sneaker_type: SneakerType = None,
    gender: Gender = None,
    alternates: Alternates = 5,
    guard: Guards = None,
    model: Model = None,
    category: Category = DEFAULT_CATEGORY,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    save: Annotated[Path | None, typer.Option(help="Write the variants at full size here.")] = None,
    as_json: Json = False,
) -> None:
    """Score a picture, its five augmentations and alternates for one campaign."""
    campaign = read_campaign(
        target, campaign_type, industry, sneaker_type, gender, alternates, guard
    )
    from sneakeraug.settings import read_settings

    settings = read_settings(device=device, backend=backend)
    scored = score_file(Path(image), settings, model, category, campaign)
    recommender, data, result = scored.recommender, scored.data, scored.result
    if save is not None:
        from sneakeraug.files import write_bytes

        for variant in result.variants:
            png = recommender.render(data, variant.augmentation, variant.parameters)
            write_bytes(save / f"{variant.rank}-{variant.augmentation}.png", png)
        progress(f"Wrote {len(result.variants)} pictures to {save}")
    if as_json:
        print_json(result.to_dict())
    else:
        print_recommendation(result)


@dataclass(frozen=True)
class ScoredFile:
    """A picture's file, and what a recommender said of it."""

    recommender: Recommender
    data: bytes
    analysis: Analysis
    result: Recommendation


def read_campaign(
    target: str,
    campaign_type: str,
    industry: str,
    sneaker_type: str | None,
    gender: str | None,
    n_alternates: int,
    guard: list[str] | None,
) -> Campaign:
    """Check the words of a campaign, before anything is loaded.

    Raises
    ------
    ContextError, InputError
        If a word is unknown, or a guard cannot be held.
    """
    from sneakeraug.rank.guards import parse_guards
    from sneakeraug.records import Context, direction_of

    direction_of(target)
    guards = parse_guards(guard or [])
    Context.of(
        campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
    )
    return {
        "target": target,
        "campaign_type": campaign_type,
        "industry": industry,
        "sneaker_type": sneaker_type,
        "gender": gender,
        "n_alternates": n_alternates,
        "guard": guards,
    }


def score_file(
    path: Path, settings: Settings, model: str | None, category: str, campaign: Campaign
) -> ScoredFile:
    """Score a picture's file; a bad picture is said before a model is loaded."""
    from sneakeraug.intake.decode import decode_photo, read_photo_bytes
    from sneakeraug.intake.quality import MEASURED_SIDE_PX

    data = read_photo_bytes(path, settings.limits)
    decode_photo(data, settings.limits, path.name, MEASURED_SIDE_PX)
    from sneakeraug.serving import load

    recommender = load(model, category=category, settings=settings)
    analysis = recommender.analyse(data, path.name)
    return ScoredFile(recommender, data, analysis, recommender.score(analysis, **campaign))
