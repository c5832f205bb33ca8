"""README and code say the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sneakeraug.cli import app
from sneakeraug.registry import active_model
from sneakeraug.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every command with its group, for instance ``train embedder``."""
    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        children = getattr(command, "commands", None)
        found += [f"{name} {child}" for child in children] if children else [name]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"sneakeraug {command}" in README


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_variable_is_in_the_readme(name: str) -> None:
    assert f"`SNEAKERAUG_{name.upper()}`" in README


def test_no_variable_in_the_readme_is_unknown() -> None:
    known = {f"SNEAKERAUG_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"SNEAKERAUG_[A-Z_]+", README)) <= known


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= 150
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_readmes_python_example_runs() -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    done = subprocess.run(
        [sys.executable, "-c", code[1]], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "would unsubscribe" in done.stdout


def test_the_readmes_console_example_runs_and_prints_what_it_shows() -> None:
    block = re.search(r"```console\n\$ sneakeraug (.*?)\n(.*?)```", README, re.DOTALL)
    assert block is not None
    done = subprocess.run(
        [sys.executable, "-m", "sneakeraug", *block[1].split()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # another processor may round the last digit otherwise
    shown = {re.sub(r"\d", "0", line.strip()) for line in block[2].splitlines()} - {"", "…"}
    printed = {re.sub(r"\d", "0", line.strip()) for line in done.stdout.splitlines()}
    assert shown <= printed


def test_the_readmes_figures_are_the_cards() -> None:
    active = active_model(ROOT / "models")
    card = json.loads((ROOT / "models" / active / "card.json").read_text(encoding="utf-8"))
    figures = {figure["name"]: figure["value"] for figure in card["figures"]}
    lost = "lost by following the verdict, share of the best (lower is better)"
    opens, clicks = (figures[f"{target}: {lost}"] for target in ("open_rate", "click_through"))
    assert f"{100 * figures['augmentation accuracy']:.2f} %" in README
    assert f"| {100 * opens:.1f} %, {100 * clicks:.1f} % |" in README


def test_every_figure_of_the_card_says_how_to_get_it_again() -> None:
    active = active_model(ROOT / "models")
    card = json.loads((ROOT / "models" / active / "card.json").read_text(encoding="utf-8"))
    for figure in card["figures"]:
        assert figure["command"].startswith("sneakeraug evaluate "), figure["name"]
        assert figure["n"] > 0
        assert figure["interval"][0] <= figure["value"] <= figure["interval"][1]
        assert figure["baselines"]


def test_the_shipped_model_reaches_what_the_readme_says_of_it() -> None:
    active = active_model(ROOT / "models")
    card = json.loads((ROOT / "models" / active / "card.json").read_text(encoding="utf-8"))
    figures = {figure["name"]: figure for figure in card["figures"]}
    assert figures["augmentation accuracy"]["value"] >= 0.99
    assert figures["augmentation accuracy, plain backgrounds"]["value"] >= 0.99
    for target in ("open_rate", "click_through", "abandoned_cart", "unsubscribed"):
        loss = figures[f"{target}: log loss (lower is better)"]
        assert loss["value"] - loss["baselines"]["best possible (Bayes)"] <= 0.003
        assert loss["value"] < loss["baselines"]["base rate"]
        held = figures[f"{target}: 90 % ranges that hold the true probability"]
        assert 0.85 <= held["value"] <= 0.97
