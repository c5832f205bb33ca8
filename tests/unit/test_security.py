"""docs/security.md and the code say the same."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from sneakeraug.limits import Limits
from sneakeraug.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([\d,.]+)[^|]* \| `([\w.]+)`([^|]*) \|$", TEXT, re.MULTILINE)

READERS = ("intake", "collect", "api", "batch", "dataset/event_pictures.py", "export/manifest.py")
"""What reads bytes from outside."""

ELSEWHERE = {
    "api.documents.LONGEST_NAME",
    "batch.on_ray.MOST_BLOCKS",
    "collect.fetch.LONGEST_WAIT_S",
    "collect.values.MOST_ADDRESS",
    "collect.values.MOST_TEXT",
    "dataset.event_pictures.MOST_ID_CHARS",
}
"""What is cut to a length, or kept to, rather than refused."""


def value_of(place: str) -> float:
    parts = place.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            found = import_module("sneakeraug." + ".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            fields = getattr(found, "model_fields", {})
            found = fields[name].default if name in fields else getattr(found, name)
        return float(next(iter(found.values())) if isinstance(found, dict) else found)
    raise AssertionError(f"there is no {place}")


@pytest.mark.parametrize(("number", "place"), [(row[1], row[2]) for row in ROWS])
def test_a_limit_is_what_the_code_has(number: str, place: str) -> None:
    assert float(number.replace(",", "")) == value_of(place)


def test_every_setting_that_limits_is_named() -> None:
    named = {place.rpartition(".")[2] for _, _, place, _ in ROWS}
    assert set(Limits.__dataclass_fields__) <= named
    numbers = {
        name
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, int | float) and name not in ("service_port", "threads")
    }
    assert numbers <= named
    for _, _, place, rest in ROWS:
        name = place.rpartition(".")[2]
        if name in Settings.model_fields:
            assert f"`SNEAKERAUG_{name.upper()}`" in rest


def test_every_limit_of_what_reads_bytes_from_outside_is_named() -> None:
    named = {place for _, _, place, _ in ROWS} | ELSEWHERE
    for reader in READERS:
        path = ROOT / "sneakeraug" / reader
        for module in [path] if path.is_file() else path.rglob("*.py"):
            dotted = module.relative_to(ROOT / "sneakeraug").with_suffix("").as_posix()
            for node in ast.parse(module.read_text("utf-8")).body:
                name = ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else ""
                if re.match(r"(MOST|LONGEST|LARGEST|MAX)_", name):
                    assert f"{dotted.replace('/', '.')}.{name}" in named
