from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sneakeraug import registry
from sneakeraug.card import CARD, read_card
from sneakeraug.errors import InputError, ModelCorruptError, ModelError, ShapeError
from sneakeraug.evidence import (
    HISTORY,
    PastCampaigns,
    find_evidence,
    gather_past,
    read_past,
    write_past,
)
from sneakeraug.records import Context
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.ui import words
from sneakeraug.vocabulary import CONTEXT_FIELDS, TARGETS

LOYALTY = CONTEXT_FIELDS["campaign_type"].index("loyalty")


def rows(n: int, **columns: list[int]) -> PastCampaigns:
    """Rows of one picture and campaign, 100 sends and 3 events each, but for what is given."""
    given = {name: np.array(values, dtype=np.int64) for name, values in columns.items()}

    def column(name: str, value: int) -> np.ndarray:
        return given.get(name, np.full(n, value, dtype=np.int64))

    return PastCampaigns(
        np.eye(4, dtype=np.float32),
        column("pictures", 0),
        {name: column(name, 0) for name in CONTEXT_FIELDS},
        column("edits", 2),
        column("months", 670),
        {target: column("tries", 100) for target in TARGETS},
        {target: column("events", 3) for target in TARGETS},
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    past = rows(3, pictures=[0, 2, 3], months=[670, -1, 671], edits=[2, -1, 0])
    write_past(tmp_path, past)
    again = read_past(tmp_path)
    assert again is not None
    np.testing.assert_allclose(again.identities, past.identities, atol=1e-3)
    for name, column in past.columns().items():
        assert again.columns()[name].tolist() == column.tolist()
    assert all(again.tries[t].tolist() == past.tries[t].tolist() for t in TARGETS)
    assert read_past(tmp_path / "elsewhere") is None


def test_sums_equal_the_sends_they_are_of() -> None:
    sends = rows(
        5, pictures=[2, 2, 2, 1, 1], edits=[2, 2, 0, 2, 2], tries=[1] * 5, events=[1, 0, 1, 0, 0]
    )
    past = gather_past(sends)
    assert len(past) == 3
    assert len(past.identities) == 2  # no row shows the others
    assert past.tries["open_rate"].sum() == 5
    found = {
        (int(past.identities[picture].argmax()), int(edit)): (int(tries), int(events))
        for picture, edit, tries, events in zip(
            past.pictures,
            past.edits,
            past.tries["open_rate"],
            past.events["open_rate"],
            strict=True,
        )
    }
    assert found == {(1, 2): (2, 0), (2, 0): (1, 1), (2, 2): (2, 1)}


def test_the_nearest_picture_comes_first_then_the_nearest_campaign_then_most_sends() -> None:
    past = rows(
        5,
        pictures=[0, 0, 0, 1, 2],
        campaign_type=[0, LOYALTY, LOYALTY, LOYALTY, LOYALTY],
        tries=[900, 100, 200, 500, 500],
    )
    near = np.array([0.8, 0.6, 0.0, 0.0], dtype=np.float32)
    found = find_evidence(past, near, Context(campaign_type="loyalty"), "click_through")
    assert [(e.tries, e.context.campaign_type) for e in found] == [
        (200, "loyalty"),
        (100, "loyalty"),
        (900, "promotional"),
        (500, "loyalty"),
    ]  # what is not alike is no evidence
    assert found[0].similarity == pytest.approx(0.8)
    assert found[0].rate == 3 / 200
    assert found[0].interval[0] < found[0].rate < found[0].interval[1]
    assert found[0].month == "2025-11"
    assert [e.n_shared for e in found] == [2, 2, 1, 2]
    (first,) = find_evidence(past, near, Context(), "click_through", k=1)
    assert first.tries == 900


def test_campaigns_without_the_target_are_no_evidence() -> None:
    past = rows(2)
    past = replace(past, tries=dict(past.tries) | {"unsubscribed": np.array([0, 50])})
    found = find_evidence(past, past.identities[0], Context(), "unsubscribed")
    assert [evidence.tries for evidence in found] == [50]


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        pytest.param({"months": [1]}, ShapeError, "column of past campaigns", id="length"),
        pytest.param({"pictures": [0, 9]}, ShapeError, "past pictures", id="picture"),
        pytest.param({"events": [3, 101]}, InputError, "more events than tries", id="counts"),
        pytest.param({"industry": [0, 99]}, InputError, "unknown industry", id="term"),
        pytest.param({"edits": [0, 6]}, InputError, "unknown edits", id="edit"),
    ],
)
def test_impossible_history_is_refused(
    tmp_path: Path, columns: dict[str, list[int]], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        write_past(tmp_path, rows(2, **columns))
    assert not list(tmp_path.iterdir())


def test_another_file_under_its_name_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / HISTORY).write_bytes(b"not tensors")
    with pytest.raises(ModelError, match="does not hold past campaigns"):
        read_past(tmp_path)


def test_a_model_with_history_shows_it_and_its_file_is_verified(
    small_models: Path, tmp_path: Path, demo_paths: list[Path]
) -> None:
    settings = Settings(models_dir=small_models, device="cpu")
    bare = load(settings=settings)
    analysis = bare.analyse(demo_paths[0])
    assert bare.past(analysis) == []
    staged, card = tmp_path / "staged", read_card(small_models / "small")
    shutil.copytree(small_models / "small", staged)
    (staged / CARD).unlink()
    write_past(staged, replace(rows(1), identities=analysis.embedding[None]))
    models = tmp_path / "models"
    registry.publish(staged, models, card.model_copy(update={"model_id": "with-history"}))
    assert HISTORY in read_card(models / "with-history").files
    loaded = load("with-history", settings=Settings(models_dir=models, device="cpu"))
    (found,) = loaded.past(analysis, "open_rate")
    assert found.similarity == pytest.approx(1.0, abs=1e-3)
    row = words.past_campaign(found, "open_rate")
    assert row["Sends"] == "100"
    assert row["When"] == "2025\u201111"
    assert row["Opens"].startswith(f"**3.00{words.NBSP}%**")
    (models / "with-history" / HISTORY).write_bytes(b"changed")
    with pytest.raises(ModelCorruptError):
        registry.verify(models / "with-history")
