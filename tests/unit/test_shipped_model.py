"""The model that ships, on our own catalog and samples: it was trained on none of these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sneakeraug.analysis import ORIGINAL, Analysis
from sneakeraug.catalog.products import load_catalog
from sneakeraug.dataset.looks import measure_hues
from sneakeraug.dataset.worlds import LOOKS, Pictures, World
from sneakeraug.offers import load_pictures
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context, Recommendation
from sneakeraug.registry import chosen_folder
from sneakeraug.score.features import encode_contexts
from sneakeraug.serving import load
from sneakeraug.settings import get_settings
from sneakeraug.ui.samples import load_samples
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS

CAMPAIGN = {"campaign_type": "product_launch", "industry": "sports_fitness"}


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return load()


@pytest.fixture(scope="module")
def analyses(recommender: Recommender, demo_paths: list[Path]) -> list[Analysis]:
    return [recommender.analyse(path) for path in demo_paths]


def true_probabilities(analysis: Analysis, target: str) -> np.ndarray:
    """What the world it learned says of the six variants, but for what nobody can see."""
    hues = measure_hues(analysis.variants[ORIGINAL].photo)
    looks = np.concatenate([analysis.measures[ORIGINAL][: len(LOOKS) - len(hues)], hues])
    n = len(AUGMENTATIONS)
    pictures = Pictures(np.arange(n), np.zeros(n, dtype=np.int64), np.tile(looks, (n, 1)))
    contexts = encode_contexts([Context.of(**CAMPAIGN)] * n)
    return World("market").probability(pictures, contexts, target, is_hidden_seen=False)


def by_edit(result: Recommendation) -> list:
    return sorted(result.variants, key=lambda v: AUGMENTATIONS.index(v.augmentation))


def test_it_names_most_edits_of_drawn_sneakers(analyses: list[Analysis]) -> None:
    named = np.concatenate([analysis.outputs.argmax(axis=1) for analysis in analyses])
    true = np.tile(np.arange(6), len(analyses))
    assert (named == true).mean() > 0.97


@pytest.mark.parametrize("target", TARGETS)
def test_its_ranges_hold_the_truth_and_following_it_does_no_harm(
    recommender: Recommender, analyses: list[Analysis], target: str
) -> None:
    held, original, followed = [], [], []
    for analysis in analyses:
        result = recommender.score(analysis, target=target, n_alternates=0, **CAMPAIGN)
        truth = true_probabilities(analysis, target)
        held += [
            v.interval[0] <= p <= v.interval[1] for v, p in zip(by_edit(result), truth, strict=True)
        ]
        chosen = result.best_augmentation.augmentation or "original"
        original.append(truth[ORIGINAL])
        followed.append(truth[AUGMENTATIONS.index(chosen)])
    assert np.mean(held) > 0.75
    gain = np.mean(followed) / np.mean(original)
    assert gain >= 1.0 if TARGETS[target] == "raise" else gain <= 1.0


def test_it_comes_with_what_it_says_of_the_demo_catalog() -> None:
    catalog, folder = load_catalog(), chosen_folder(get_settings().models_dir)
    assert set(load_pictures(folder)) == {catalog.picture_sha256(p) for p in catalog.products}


def test_every_sample_is_scored_and_its_verdict_is_a_sentence(recommender: Recommender) -> None:
    for sample in load_samples():
        result = recommender.recommend(sample.read(), target="unsubscribed")
        assert result.best_augmentation.sentence.endswith(".")
        assert any("simulated campaigns" in warning for warning in result.warnings)
