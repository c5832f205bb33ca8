"""Whether a history can support a model, and the command that says so."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from events_data import SEND, read, without, write
from typer.testing import CliRunner

from sneakeraug.cli import app
from sneakeraug.dataset.support import assess
from sneakeraug.errors import InputError


def campaigns(n: int, n_products: int = 12, **changes: object) -> list[dict[str, object]]:
    """Sends of two augmentations, half of them opened."""
    return [
        SEND
        | {
            "image": f"{i % n_products}-{i % 2}.jpg",
            "product_id": f"p{i % n_products}",
            "augmentation": ("original", "sketch")[i % 2],
            "open_rate": int(i % 4 < 2),
        }
        | changes
        for i in range(n)
    ]


def test_enough_history_supports_a_model(tmp_path: Path) -> None:
    support = assess(read(write(tmp_path / "e.csv", *campaigns(240))).history)
    assert support.trainable == ("open_rate",)
    found = support.targets["open_rate"]
    assert (found.n_trials, found.n_events, found.n_products) == (240, 120, 12)
    assert found.by_augmentation == {"original": (120, 60), "sketch": (120, 60)}
    assert support.targets["click_through"].missing == (
        "None of 240 trials with the event; at least 100 are expected.",
    )
    assert support.targets["abandoned_cart"].missing == ("No row tells it.",)
    assert any("never" in note.lower() and "newsletter" in note for note in support.notes)
    assert support.require() == ("open_rate",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (campaigns(240, open_rate=0), "None of 240 trials with the event"),
        (campaigns(240, open_rate=1), "None of 240 trials without the event"),
        (campaigns(50), "24 of 50 trials without the event; at least 100"),
        (campaigns(240, augmentation="sketch"), "1 augmentation (sketch) with at least 30"),
        (campaigns(240, n_products=2), "2 products; at least 10 are expected"),
    ],
    ids=["no event", "nothing but events", "50 sends", "one augmentation", "two products"],
)
def test_too_little_history_says_what_is_missing(
    rows: list[dict[str, object]], message: str, tmp_path: Path
) -> None:
    support = assess(read(write(tmp_path / "e.csv", *rows)).history)
    assert any(message in sentence for sentence in support.targets["open_rate"].missing)
    with pytest.raises(InputError, match="No model can be trained on this history"):
        support.require()


def test_augmentations_that_are_not_named_are_no_fault(tmp_path: Path) -> None:
    history = read(write(tmp_path / "e.csv", *campaigns(240, augmentation=""))).history
    support = assess(history)
    assert support.trainable == ("open_rate",)
    assert support.targets["open_rate"].n_unnamed == 240
    assert any("240 of 240 rows name no augmentation" in note for note in support.notes)


def test_the_command_writes_both_files_and_says_what_it_did(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", *campaigns(240), SEND | {"industry": "mining"})
    out = tmp_path / "h" / "mine.parquet"
    arguments = ["import", "events", str(path), "--out", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "241 rows read, 240 kept, 1 left out, 0 said again" in done.stdout
    assert "left out 1: industry: is unknown; expected one of: retail" in done.stdout
    assert "opens: 120 before machines were left out, 120 after" in done.stdout
    assert "open_rate: 120 of 240; a model can be trained" in done.stdout
    assert "missing: None of 240 trials with the event" in done.stdout
    assert len(read(out).history) == 240
    with (tmp_path / "h" / "mine.rejects.csv").open(newline="", encoding="utf-8") as file:
        assert [line["row"] for line in csv.DictReader(file)] == ["242"]

    as_json = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert as_json["n_kept"] == 240
    assert as_json["support"]["trainable"] == ["open_rate"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "sent_at"], "--map 'sent_at': two sides are expected"),
        (["--set", "industry="], "--set 'industry=': two sides are expected"),
        (["--set", "industry=mining"], "None of the 1 rows"),
        (["--out", "{}"], "would be overwritten; choose another --out"),
    ],
)
def test_the_command_refuses_with_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "e.csv", without(SEND, "industry"))
    monkeypatch.chdir(tmp_path)
    flags = [text.format(path) for text in arguments]
    done = CliRunner().invoke(app, ["import", "events", str(path), *flags])
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert not Path("history.parquet").exists()


def test_every_bad_row_is_listed_even_where_none_is_good(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", *[SEND | {"industry": "mining"}] * 3)
    with pytest.raises(InputError):
        read(path, rejects=tmp_path / "r.csv")
    text = (tmp_path / "r.csv").read_text("utf-8")
    assert len(list(csv.reader(io.StringIO(text)))) == 4
