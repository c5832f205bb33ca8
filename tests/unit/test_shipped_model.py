"""The model that ships, on our own catalog and samples: it was trained on none of these."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sneakeraug.analysis import Analysis
from sneakeraug.recommend import Recommender, load
from sneakeraug.ui.samples import load_samples
from sneakeraug.vocabulary import TARGETS


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    return load()


@pytest.fixture(scope="module")
def analyses(recommender: Recommender, demo_paths: list[Path]) -> list[Analysis]:
    return [recommender.analyse(path) for path in demo_paths]


def test_it_names_most_edits_of_drawn_sneakers(analyses: list[Analysis]) -> None:
    named = np.concatenate([analysis.outputs.argmax(axis=1) for analysis in analyses])
    true = np.tile(np.arange(6), len(analyses))
    assert (named == true).mean() > 0.97


@pytest.mark.parametrize("target", TARGETS)
def test_it_ranks_what_works_in_its_world_first(
    recommender: Recommender, analyses: list[Analysis], target: str
) -> None:
    first = [recommender.score(a, target=target).variants[0].augmentation for a in analyses]
    assert np.mean([name in ("brighter", "rotate") for name in first]) == 1.0


def test_every_sample_is_scored_and_its_verdict_is_a_sentence(recommender: Recommender) -> None:
    for sample in load_samples():
        result = recommender.recommend(sample.read(), target="unsubscribed")
        assert result.best_augmentation.sentence.endswith(".")
        assert any("simulated campaigns" in warning for warning in result.warnings)
