from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sneakeraug.api.keys import KeyRing, hash_key, make_key, read_keys
from sneakeraug.cli import app
from sneakeraug.errors import RequestError, SettingsError
from sneakeraug.settings import Settings

KEY, OTHER = make_key(), make_key()


def test_a_key_is_found_by_its_hash_and_named() -> None:
    ring = KeyRing([f"shop:{hash_key(KEY)}", hash_key(OTHER).upper()])
    assert ring.find(f"Bearer {KEY}").name == "shop"
    assert ring.find(f"bearer  {OTHER} ").name == hash_key(OTHER)[:8]
    with pytest.raises(RequestError, match="unknown API key"):
        ring.find(f"Bearer {make_key()}")


def test_the_command_prints_a_key_and_the_entry_that_knows_it() -> None:
    done = CliRunner().invoke(app, ["api-key", "--name", "shop", "--json"])
    printed = json.loads(done.stdout)
    assert KeyRing([printed["entry"]]).find(f"Bearer {printed['key']}").name == "shop"
    key, entry = CliRunner().invoke(app, ["api-key"]).stdout.split()
    assert KeyRing([entry]).find(f"Bearer {key}")


def test_a_key_is_an_engineer_s_unless_its_entry_says_otherwise() -> None:
    for entry, role in ((hash_key(KEY), "engineer"), (f"desk:{hash_key(KEY)}:viewer", "viewer")):
        assert KeyRing([entry]).find(f"Bearer {KEY}").role == role
    done = CliRunner().invoke(app, ["api-key", "--role", "viewer", "--json"])
    printed = json.loads(done.stdout)
    assert KeyRing([printed["entry"]]).find(f"Bearer {printed['key']}").role == "viewer"
    refused = CliRunner().invoke(app, ["api-key", "--role", "owner"])
    assert "Unknown role 'owner'" in str(refused.exception)


def test_keys_come_from_the_variable_and_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# who may ask\n\nshop:{hash_key(KEY)}\n", encoding="utf-8")
    ring = read_keys(Settings(api_keys=f" {hash_key(OTHER)},", api_keys_file=path))
    assert len(ring) == 2
    assert len(read_keys(Settings())) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(KEY, "entry 1", id="a key itself"),
        pytest.param("shop:abc", "entry 1", id="no hash"),
        pytest.param(f"shop:{hash_key(KEY)}:owner", "entry 1", id="an unknown role"),
        pytest.param(f"{hash_key(KEY)}\na b:{hash_key(KEY)}", "entry 2", id="a name with a space"),
        pytest.param("# nothing", "at least one line", id="nothing"),
        pytest.param(None, "can be read", id="no file"),
    ],
)
def test_a_wrong_entry_is_told_without_the_entry(
    tmp_path: Path, text: str | None, says: str
) -> None:
    path = tmp_path / "keys"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="SNEAKERAUG_API_KEYS_FILE") as caught:
        read_keys(Settings(api_keys_file=path))
    assert says in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_limit_refills_as_time_goes_by_and_a_batch_overdraws_it() -> None:
    now = [0.0]
    ring = KeyRing([hash_key(KEY)], per_minute=60, clock=lambda: now[0])
    caller = ring.find(f"Bearer {KEY}")
    for _ in range(60):
        ring.take(caller)
    with pytest.raises(RequestError, match="Try again in 1 s") as refused:
        ring.take(caller)
    assert refused.value.retry_after_s == 1
    now[0] = 1.0
    ring.take(caller)
    ring.take_more(caller, 10)
    now[0] = 5.0
    with pytest.raises(RequestError, match="Try again in 7 s"):
        ring.take(caller)
    now[0] = 3600.0
    ring.take(caller)
    assert caller.left == 59
