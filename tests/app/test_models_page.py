"""The page on the model, and what every page says where no model can be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sneakeraug.card import WEIGHTS, read_card
from sneakeraug.challenger import Comparison, Difference
from sneakeraug.evaluate.metrics import reliability_bins
from sneakeraug.registry import activate, active_model
from sneakeraug.settings import REPOSITORY_MODELS
from sneakeraug.ui import charts, comparison_card, engine, mistakes, model_card, model_charts, words

from .conftest import Open


def test_every_measured_figure_of_the_card_stands_on_the_page(open_page: Open) -> None:
    at = open_page("models.py")
    card = engine.recommender().card
    tables = [table.value for table in at.table if list(table.value) == ["What", "Figure"]]
    assert sum(map(len, tables)) == len(card.figures) > 0
    said = [text.replace("\\", "") for table in tables for text in table["What"]]
    commands = {code.value for code in at.code}
    titles = [group.label for group in at.expander]
    assert len(titles) == len(set(titles)) == len(tables)
    for figure in card.figures:
        assert any(f"{figure.n:,} {figure.unit}" in text for text in said)
        assert figure.command in commands


@pytest.fixture
def measured() -> dict[str, object]:
    """What a card says of one target, of three groups of sends in two campaign types."""
    p = np.repeat([0.125, 0.25, 0.5], 100)
    y = np.concatenate([np.arange(100) < 100 * rate for rate in (0.12, 0.2, 0.35)]).astype(float)
    return {
        "n": 300,
        "log_loss": 0.43,
        "bayes_log_loss": 0.42,
        "base_rate_log_loss": 0.45,
        "auc": None,
        "winner_bias": -0.05,
        "interval_coverage_by_campaign": {"welcome": 0.84, "newsletter": 0.93},
        "reliability": reliability_bins(p, y, p, n_bins=3),
    }


def test_the_figures_of_each_target_stand_beside_what_is_possible(open_page: Open) -> None:
    at = open_page("models.py")
    table = next(table.value for table in at.table if "Compared with" in table.value)
    first = table[table["What"] == "Log loss, nats a send"]
    assert "best possible 0." in first["Compared with"].iloc[0]
    assert "base rate 0." in first["Compared with"].iloc[0]
    at.segmented_control(key="shown_target").set_value("unsubscribed").run()
    assert not at.exception
    other = next(table.value for table in at.table if "Compared with" in table.value)
    assert not other.equals(table)


def test_a_card_may_hold_less_than_the_page_can_show(measured: dict[str, object]) -> None:
    def page(found: dict[str, object], curve: dict[str, object] | None) -> None:
        from sneakeraug.ui import conversion_card

        conversion_card.show_table(found)
        conversion_card.show_reliability(found.get("reliability"))
        conversion_card.show_coverage(found.get("interval_coverage_by_campaign"), None)
        conversion_card.show_learning_curve(curve, "open_rate", found)

    curve = {"points": [{"n": n, "targets": {"open_rate": measured}} for n in (1000, 10_000)]}
    at = AppTest.from_function(page, kwargs={"found": measured, "curve": curve}).run()
    assert not at.exception
    assert len(at.get("plotly_chart")) == 3
    assert at.table[0].value["Model"].tolist() == ["0.43000", f"−5.00{words.NBSP}%"]
    at = AppTest.from_function(page, kwargs={"found": {"n": 1}, "curve": None}).run()
    assert not at.exception
    assert not at.get("plotly_chart")


def test_the_plots_are_said_in_words(measured: dict[str, Any]) -> None:
    said = model_charts.describe_reliability(measured["reliability"])
    assert f"12.5{words.NBSP}% predicted, 12.0{words.NBSP}% happened" in said
    said = model_charts.describe_coverage({"Ranges": measured["interval_coverage_by_campaign"]})
    assert f"fewest in Welcome, 84.0{words.NBSP}%" in said


def test_a_share_is_said_in_percent_and_a_loss_is_not() -> None:
    figure = engine.recommender().card.figures[0]
    loss = figure.model_copy(update={"name": "open_rate: Brier score (lower is better)"})
    assert model_card.value(figure, 0.5) == f"50.0{words.NBSP}%"
    area = figure.model_copy(update={"name": "no shoe told from a shoe, AUROC"})
    assert model_card.value(loss, 0.5) == model_card.value(area, 0.5) == "0.500"


def test_what_it_was_trained_on_its_licence_and_its_limits_are_said(open_page: Open) -> None:
    at = open_page("models.py")
    card = engine.recommender().card
    text = "\n".join(element.value for element in at.markdown).replace("\\", "")
    assert card.trained_on in text
    assert card.data_licence in text
    assert all(limit in text for limit in card.limits)


def test_the_confusion_and_the_worst_readings_are_shown(open_page: Open) -> None:
    at = open_page("models.py")
    assert at.get("plotly_chart")
    captions = [caption.value for caption in at.caption]
    assert sum(f"{words.NBSP}% sure" in text for text in captions) == mistakes.SHOWN
    assert any("Of 180 versions" in text for text in captions)


def test_the_confusion_in_words_names_the_worst_mix_up() -> None:
    said = charts.describe_confusion([[90, 10], [0, 50]], ["brighter", "darker"])
    assert "brighter named right 90.0 %, most often taken for darker (10.0 %)" in said
    assert said.endswith("darker named right 100.0 %.")


def test_another_model_can_be_read_but_is_said_not_to_serve(
    open_page: Open, second_model: Callable[[str, str], Path]
) -> None:
    second_model("another", "sneakers")
    at = open_page("models.py")
    at.selectbox(key="shown_model").set_value("another").run()
    assert not at.exception
    text = [element.value for element in at.markdown]
    assert "**another**" in text
    assert "**Not now**" in text


def test_a_missing_model_gives_its_message_and_never_a_score(
    open_page: Open, other_models: Callable[[Path], None], tmp_path: Path
) -> None:
    other_models(tmp_path)
    for page in (None, "models.py"):
        at = open_page(page)
        assert "No active model" in at.error[0].value.replace("\\", "")
        assert not at.metric
        assert not at.file_uploader


def test_a_changed_model_file_gives_its_message_and_never_a_score(
    open_page: Open, other_models: Callable[[Path], None], tmp_path: Path
) -> None:
    shutil.copytree(REPOSITORY_MODELS, tmp_path / "models")
    weights = tmp_path / "models" / active_model(REPOSITORY_MODELS) / WEIGHTS
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    other_models(tmp_path / "models")
    at = open_page()
    assert "was changed or damaged" in at.error[0].value
    assert not at.metric


def test_a_comparison_is_shown_and_what_a_forced_model_was_refused_for(
    small_models: Path, tmp_path: Path
) -> None:
    def difference(low: float, value: float, high: float) -> Difference:
        return Difference(value=value, interval=(low, high), candidate=0.43, serving=0.43 - value,
                          n=600, n_products=5)  # fmt: skip

    models = Path(shutil.copytree(small_models, tmp_path / "models"))
    shutil.copytree(models / "small", models / "mine")
    compared = Comparison(
        serving="small",
        targets={
            "open_rate": difference(0.01, 0.02, 0.03),
            "click_through": difference(-0.002, -0.001, -0.0004),
            "unsubscribed": difference(-0.1, 0.0, 0.1),
        },
    )
    card = read_card(models / "mine").model_copy(
        update={"model_id": "mine", "comparison": compared}
    )
    (models / "mine" / "card.json").write_text(card.to_json(), encoding="utf-8")

    def page(folder: str, model_id: str) -> None:
        from pathlib import Path

        from sneakeraug.card import read_card
        from sneakeraug.ui import comparison_card

        comparison_card.show(read_card(Path(folder) / model_id), Path(folder))

    def shown(model_id: str) -> AppTest:
        at = AppTest.from_function(page, kwargs={"folder": str(models), "model_id": model_id})
        at.run()
        assert not at.exception
        return at

    table = shown("mine").table[0].value
    badges = [next(b for b in comparison_card.BADGES.values() if b in c) for c in table.iloc[:, 1]]
    assert badges == [comparison_card.BADGES[name] for name in ("worse", "better", "unclear")]
    assert "**+0.02000**" in table.iloc[0, 1]
    assert "−0.00200 to −0.00040" in table.iloc[1, 1]
    assert "600 trials of 5 products" in table.iloc[0, 0]
    assert not shown("mine").warning
    assert not shown("small").subheader
    activate(models, "mine", is_forced=True)
    (warning,) = shown("mine").warning
    assert "serves by force" in warning.value
    assert "is worse than" in warning.value.replace("\\", "")


def test_an_admin_lets_another_model_serve_and_goes_back(
    open_page: Open, second_model: Callable[[str, str], Path]
) -> None:
    models = second_model("sneakers-next", "sneakers")
    before = active_model(models)
    at = open_page("models.py")
    at.selectbox(key="shown_model").set_value("sneakers-next").run()
    at.button(key="activate").click().run()
    assert not at.exception
    assert active_model(models) == "sneakers-next" == engine.recommender().model_id
    assert "sneakers\\-next serves now" in at.success[0].value
    at.button(key="roll_back").click().run()
    assert not at.exception
    assert active_model(models) == before == engine.recommender().model_id
