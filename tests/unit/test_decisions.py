"""The log of decisions: kept whole, never changed, read back the same, safe in a spreadsheet."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from typer.testing import CliRunner

from sneakeraug.cli import app
from sneakeraug.decisions import (
    COLUMNS,
    choose_alternate,
    choose_variant,
    decide,
    open_log,
    read_log,
    write_decisions,
)
from sneakeraug.errors import DecisionError, InputError, StoreError
from sneakeraug.files import file_sha256
from sneakeraug.records import Recommendation
from sneakeraug.settings import get_settings
from sneakeraug.store import decisions as stored
from sneakeraug.store.decisions import Decision

EXAMPLES = Path(__file__).resolve().parents[2] / "sneakeraug" / "api" / "examples.json"


@pytest.fixture(scope="module")
def recommendation() -> Recommendation:
    """What the shipped model once answered."""
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return Recommendation.model_validate(examples["recommendation"]["answer"])


def a_decision(recommendation: Recommendation, by: str = "Ada", **more: str) -> Decision:
    return decide(recommendation, choose_variant(recommendation, "sketch"), by, "cli", **more)


def test_a_decision_is_read_back_as_it_was_kept(
    database: str, recommendation: Recommendation
) -> None:
    log = open_log(get_settings())
    alternate = choose_alternate(recommendation, recommendation.alternates[0].product_id)
    assert alternate is not None
    given = [
        a_decision(recommendation, "Ada \U0001f45f Müller", note="line\nline"),
        decide(recommendation, choose_variant(recommendation, "original"), "B", "page"),
        decide(recommendation, alternate, "C", "service", account="desk", export_sha256="a" * 64),
    ]
    kept = [log.append(decision) for decision in given]
    numbers = [decision.number for decision in kept]
    assert numbers == sorted(set(numbers), key=lambda number: number or 0)
    assert [decision.model_copy(update={"number": None}) for decision in kept] == given
    assert log.read(10) == kept[::-1] == log.read(10, image_sha256=given[0].image_sha256)
    assert log.read(1, before=numbers[-1]) == [kept[1]]
    assert log.read(10, model_id="another") == []
    assert [decision.chosen.kind for decision in log.walk()] == ["variant", "original", "alternate"]


def test_the_same_decision_is_kept_once_and_another_under_its_id_refused(
    database: str, recommendation: Recommendation
) -> None:
    log = open_log(get_settings())
    first = a_decision(recommendation, decision_id="a" * 32)
    kept = log.append(first)
    assert log.append(first) == kept
    other = a_decision(recommendation, "Eve", decision_id="a" * 32)
    with pytest.raises(DecisionError, match=f"number {kept.number}, and what is in the log stays"):
        log.append(other)
    assert log.read(10) == [kept]


@pytest.mark.parametrize(
    "change", ["UPDATE decision SET decided_by = 'Eve'", "DELETE FROM decision"]
)
def test_the_database_itself_refuses_to_change_the_log(
    database: str, recommendation: Recommendation, change: str
) -> None:
    log = open_log(get_settings())
    kept = log.append(a_decision(recommendation))
    with (
        pytest.raises(SQLAlchemyError, match="is only added to"),
        log._engine.begin() as connection,
    ):
        connection.execute(text(change))
    assert log.read(10) == [kept]


def test_the_whole_log_is_walked_whatever_its_length(
    database: str, recommendation: Recommendation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "ROWS_AT_ONCE", 3)
    log = open_log(get_settings())
    given = [log.append(a_decision(recommendation, f"Ada {i}")) for i in range(7)]
    assert list(log.walk()) == given


def test_looking_at_the_log_makes_no_database() -> None:
    assert read_log(get_settings()) is None
    done = CliRunner().invoke(app, ["decisions", "list", "--json"])
    assert json.loads(done.stdout) == {"decisions": []}
    assert not get_settings().home.exists()


@pytest.mark.parametrize(
    "by",
    ["", "   ", "x" * 121, "a\x00b", "a\nb", "\x1b[31m", "\udc80"],
    ids=["empty", "blank", "long", "NUL", "two lines", "escape", "no text"],
)
def test_a_name_that_is_none_is_refused(recommendation: Recommendation, by: str) -> None:
    with pytest.raises(InputError, match="a name of 1 to 120 characters"):
        a_decision(recommendation, by)


def test_an_account_is_kept_as_a_line_that_any_database_takes(
    database: str, recommendation: Recommendation
) -> None:
    log = open_log(get_settings())
    claimed = "ann\x00@shop.example\n\ud83d" + "x" * 300
    kept = log.append(a_decision(recommendation, account=claimed))
    assert kept.account == "ann?@shop.example??" + "x" * 235
    line = CliRunner().invoke(app, ["decisions", "list"]).stdout
    assert f"  Ada ({kept.account}): sketch for " in line
    assert log.append(a_decision(recommendation, account="")).account is None


def test_an_export_is_safe_in_a_spreadsheet_and_complete(
    recommendation: Recommendation, tmp_path: Path
) -> None:
    log = open_log(get_settings())
    wicked = '=HYPERLINK("http://x","y")'
    kept = log.append(a_decision(recommendation, wicked, note="+1\r\n-2"))
    assert write_decisions(tmp_path / "x.csv", log.walk()) == 1
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert tuple(row) == COLUMNS
    assert (row["decided_by"], row["note"]) == (f"'{wicked}", "'+1\n-2")
    assert float(row["p_chosen"]) == kept.chosen.p
    runner = CliRunner()
    done = runner.invoke(app, ["decisions", "export", "--out", str(tmp_path / "x.jsonl")])
    assert done.stdout.startswith("1 decisions in ")
    line = (tmp_path / "x.jsonl").read_text(encoding="utf-8")
    assert Decision.model_validate_json(line) == kept
    wrong = runner.invoke(app, ["decisions", "export", "--out", str(tmp_path / "x.exe")])
    assert isinstance(wrong.exception, InputError)


def test_the_list_says_who_chose_what_against_which_advice(
    recommendation: Recommendation, tmp_path: Path
) -> None:
    open_log(get_settings()).append(a_decision(recommendation))
    runner = CliRunner()
    line = runner.invoke(app, ["decisions", "list"]).stdout
    assert "Ada: sketch for open_rate, " in line
    assert f"model {recommendation.model_id}, cli" in line
    picture = tmp_path / "other.jpg"
    picture.write_bytes(b"other")
    assert runner.invoke(app, ["decisions", "list", "--image", str(picture)]).stdout == ""
    sha256 = recommendation.request.image_sha256
    assert runner.invoke(app, ["decisions", "list", "--image", sha256]).stdout == line
    assert file_sha256(picture) != sha256
    gone = runner.invoke(app, ["decisions", "list", "--image", "nothing.jpg"])
    assert isinstance(gone.exception, InputError)


def test_a_database_that_is_away_is_one_line_and_exit_code_four(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SNEAKERAUG_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:1/x")
    get_settings.cache_clear()
    done = CliRunner().invoke(app, ["decisions", "list"])
    assert isinstance(done.exception, StoreError)
    assert done.exception.exit_code == 4
    assert str(done.exception).startswith("The database does not answer (")
    assert len(str(done.exception).splitlines()) == 1
