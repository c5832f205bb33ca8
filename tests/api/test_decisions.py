"""The log of decisions over HTTP, on both databases, and while the database is away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgresql import Server

from sneakeraug.api.keys import hash_key, make_key
from sneakeraug.settings import Settings

from .conftest import Service, serve


@pytest.fixture(scope="module")
def own_service(small_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a home, and an SQLite file, of its own."""
    home = tmp_path_factory.mktemp("decisions-home")
    with serve(
        Settings(home=home, models_dir=small_models, device="cpu", max_wait_s=60)
    ) as running:
        yield running


@pytest.fixture
def asked(in_base64: str) -> dict[str, Any]:
    return {
        "image": in_base64,
        "target": "open_rate",
        "by": "Ada Müller",
        "chosen": {"augmentation": "brighter"},
        "note": "=1+1 agreed with the brand",
    }


def test_what_is_kept_is_what_the_model_says_of_the_picture(
    own_service: Service, asked: dict[str, Any], in_base64: str
) -> None:
    assert own_service.get("/v1/decisions").json() == {"decisions": [], "next": None}
    kept = own_service.post("/v1/decisions", json=asked)
    assert kept.status_code == 200, kept.text
    said = own_service.post(
        "/v1/recommendations", json={"image": in_base64, "target": "open_rate"}
    ).json()
    (brighter,) = (v for v in said["variants"] if v["augmentation"] == "brighter")
    decision = kept.json()
    assert decision["chosen"]["p"] == brighter["p"]
    assert decision["chosen"]["difference_interval"] == brighter["difference_interval"]
    assert decision["original"] == said["original"]
    assert decision["advice"]["sentence"] == said["best_augmentation"]["sentence"]
    assert decision["image_sha256"] == said["request"]["image_sha256"]
    assert (decision["by"], decision["door"], decision["model_id"]) == (
        "Ada Müller",
        "service",
        "small",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}\+00:00", decision["decided_utc"])
    of_picture = own_service.get(f"/v1/decisions?image_sha256={decision['image_sha256']}").json()
    assert of_picture["decisions"] == [decision]
    assert in_base64[:80] not in own_service.get("/v1/decisions").text


def test_an_alternate_may_be_chosen_where_it_was_offered(
    own_service: Service, asked: dict[str, Any]
) -> None:
    picture = {name: asked[name] for name in ("image", "target")}
    offered = own_service.post("/v1/recommendations", json=picture).json()["alternates"][0]
    chosen = {"product_id": offered["product_id"]}
    kept = own_service.post("/v1/decisions", json=asked | {"chosen": chosen}).json()
    assert (kept["chosen"]["kind"], kept["chosen"]["p"]) == ("alternate", offered["p"])
    unknown = asked | {"chosen": {"product_id": "nobody"}}
    answer = own_service.post("/v1/decisions", json=unknown)
    assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


def test_the_same_sent_again_is_kept_once_and_another_under_its_id_is_refused(
    own_service: Service, asked: dict[str, Any]
) -> None:
    named = asked | {"decision_id": "0" * 31 + "a"}
    first, second = (own_service.post("/v1/decisions", json=named).json() for _ in range(2))
    assert first == second
    other = own_service.post("/v1/decisions", json=named | {"by": "Eve"})
    assert (other.status_code, other.json()["reason"]) == (409, "conflict")
    assert own_service.get("/v1/decisions?n=1").json()["decisions"] == [first]


def test_figures_of_another_model_are_not_decided_on(
    own_service: Service, asked: dict[str, Any]
) -> None:
    answer = own_service.post("/v1/decisions", json=asked | {"model_id": "older"})
    assert answer.status_code == 409
    assert "Ask for a recommendation again" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"by": ""}, "by"),
        ({"by": "a\u0000b"}, "by"),
        ({"by": "x" * 121}, "by"),
        ({"chosen": {"augmentation": "brightest"}}, "brightest"),
        ({"chosen": {}}, "chosen"),
        ({"note": "\u0007"}, "note"),
        ({"decision_id": "../x"}, "decision_id"),
    ],
    ids=["no name", "NUL in a name", "long name", "no such edit", "no choice", "bell", "no id"],
)
def test_what_is_wrong_is_named(
    own_service: Service, asked: dict[str, Any], wrong: dict[str, Any], field: str
) -> None:
    answer = own_service.post("/v1/decisions", json=asked | wrong)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


def test_pages_of_the_log_come_one_after_the_other(
    own_service: Service, asked: dict[str, Any]
) -> None:
    for number in range(3):
        own_service.post("/v1/decisions", json=asked | {"by": f"Ada {number}"})
    seen: list[int] = []
    page: int | None = 10**14
    while page is not None:
        answer = own_service.get(f"/v1/decisions?n=2&before={page}").json()
        seen += [decision["number"] for decision in answer["decisions"]]
        page = answer["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) >= 3


def test_with_keys_nobody_reads_or_writes_without_one_and_its_name_is_kept(
    small_models: Path, tmp_path: Path, asked: dict[str, Any]
) -> None:
    key = make_key()
    settings = Settings(
        home=tmp_path / "home",
        models_dir=small_models,
        device="cpu",
        api_keys=f"desk:{hash_key(key)}",
        max_wait_s=60,
    )
    with serve(settings) as guarded:
        assert guarded.get("/v1/decisions").status_code == 401
        assert guarded.post("/v1/decisions", json=asked).status_code == 401
        guarded.headers["Authorization"] = f"Bearer {key}"
        kept = guarded.post("/v1/decisions", json=asked).json()
        assert (kept["by"], kept["account"]) == ("Ada Müller", "desk")
        claimed = guarded.post("/v1/decisions", json=asked | {"account": "admin"})
        assert claimed.status_code == 422


def test_while_the_database_is_away_pictures_are_scored_and_the_log_comes_back(
    postgresql_server: Server,
    small_models: Path,
    tmp_path: Path,
    asked: dict[str, Any],
    in_base64: str,
) -> None:
    settings = Settings(
        home=tmp_path / "home",
        models_dir=small_models,
        device="cpu",
        database_url=postgresql_server.make_database(),
        max_wait_s=60,
    )
    with serve(settings) as running:
        first = running.post("/v1/decisions", json=asked).json()
        postgresql_server.stop()
        try:
            for answer in (
                running.post("/v1/decisions", json=asked),
                running.get("/v1/decisions"),
            ):
                assert answer.status_code == 503, answer.text
                assert answer.headers["Retry-After"] == "5"
                problem = answer.json()
                assert problem["reason"] == "store"
                assert problem["detail"].startswith("The database does not answer (")
                assert str(postgresql_server.folder) not in answer.text
                assert "told" not in answer.text
            scored = running.post("/v1/recommendations", json={"image": in_base64})
            assert scored.status_code == 200
            assert running.get("/readyz").status_code == 200
        finally:
            postgresql_server.start()
        again = running.post("/v1/decisions", json=asked)
        assert again.status_code == 200, again.text
        assert [d["number"] for d in running.get("/v1/decisions").json()["decisions"]] == [
            again.json()["number"],
            first["number"],
        ]


def test_a_service_that_starts_without_its_database_serves_once_it_is_there(
    postgresql_server: Server,
    small_models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sneakeraug.api.engine.RETRY_S", 0.1)
    monkeypatch.setattr("sneakeraug.api.app.FOLLOW_S", 0.1)
    settings = Settings(
        home=tmp_path / "home",
        models_dir=small_models,
        device="cpu",
        database_url=postgresql_server.make_database(),
    )
    postgresql_server.stop()
    try:
        with serve(settings, is_ready=False) as running:
            deadline = time.monotonic() + 60
            while "does not answer" not in (told := running.get("/readyz")).text:
                assert time.monotonic() < deadline, told.text
                time.sleep(0.1)
            assert told.status_code == 503
            postgresql_server.start()
            while running.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        if not postgresql_server.is_running:
            postgresql_server.start()
