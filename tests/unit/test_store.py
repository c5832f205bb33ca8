"""The database, of both kinds: its versions, its writers, and what is said when it is not well."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import store_rows
from alembic.script import ScriptDirectory
from postgresql import Server
from sqlalchemy import select, text
from store_rows import ROWS, a_product, make_database_of

from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.errors import StoreError
from sneakeraug.settings import get_settings, read_settings
from sneakeraug.store import engines, schema
from sneakeraug.store.db import open_database, reading, transaction
from sneakeraug.store.tables import EncodedRow, PictureRow, ProductRow, RevisionRow


def test_the_tables_of_every_version_are_known_here() -> None:
    script = ScriptDirectory(str(schema.MIGRATIONS))
    steps = [step.revision for step in script.walk_revisions()][::-1]
    assert schema.known_versions() == steps == list(ROWS)


@pytest.mark.parametrize("version", ROWS)
def test_a_database_of_every_version_is_brought_up_to_date_with_its_rows(
    database: str, version: str
) -> None:
    make_database_of(version, database)
    engine = open_database(database)
    with engine.connect() as connection:
        assert schema._is_current(connection)
    with reading(engine) as session:
        products = {row.product_id: row for row in session.scalars(select(ProductRow))}
        assert (products["p1"].price_cents, products["p1"].in_stock) == (5900, True)
        if version >= "0002":
            assert products["p2"].price_cents is None
            assert session.get(PictureRow, "bb").difference_hash == b"\x00\xff"
        n = session.scalar(text("SELECT count(*) FROM decision"))
        assert n == (1 if version >= "0003" else 0)
        assert len(session.get(RevisionRow, "products").token) == 32
    own = OwnCatalog(engine, Path("nowhere"))
    own.put([a_product(3)])
    assert [product.product_id for product in own.catalog().products][:1] == ["p1"]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: str) -> None:
    engine = open_database(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer version .* of version 9999, and 0004 is") as said:
        open_database(database)
    assert "Install a newer sneakeraug" in str(said.value)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_step_that_fails_in_the_middle_leaves_the_version_before(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database_of("0002", database)
    from alembic.operations import Operations

    with monkeypatch.context() as patch:  # tables are made before what is executed fails
        patch.setattr(Operations, "execute", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            open_database(database)
    with find_connection(database) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"
    open_database(database)


def find_connection(address: str) -> object:
    return engines.find_engine(address).connect()


def test_sqlite_writes_ahead_and_waits_and_keeps_its_keys(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        }
    assert found == {
        "journal_mode": "wal",
        "busy_timeout": engines.BUSY_MS,
        "synchronous": 2,
        "foreign_keys": 1,
    }


def test_a_file_in_the_place_of_another_is_another_database(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    first = open_database(f"sqlite:///{file}")
    assert open_database(f"sqlite:///{file}") is first
    for path in tmp_path.glob("x.db*"):
        path.unlink()
    assert open_database(f"sqlite:///{file}") is not first


def test_processes_that_open_and_write_at_once_lose_nothing(database: str, tmp_path: Path) -> None:
    run = [sys.executable, str(Path(store_rows.__file__)), database, str(tmp_path)]
    jobs = [subprocess.Popen([*run, str(first)]) for first in (1, 101)]
    assert [job.wait(timeout=120) for job in jobs] == [0, 0]
    own = OwnCatalog(open_database(database), tmp_path)
    n = store_rows.N_EACH
    expected = {"p0"} | {f"p{first + i}" for first in (1, 101) for i in range(n)}
    assert {product.product_id for product in own.catalog().products} == expected
    with reading(own.engine) as session:
        assert len(session.scalars(select(EncodedRow)).all()) == 2 * n + 1


def test_threads_that_count_up_together_count_right(database: str) -> None:
    engine = open_database(database)

    def count_up() -> None:
        for _ in range(10):
            with transaction(engine) as session:
                row = session.get(RevisionRow, "counter")
                if row is None:
                    session.add(RevisionRow(**{"name": "counter", "token": "1"}))
                else:
                    row.token = str(int(row.token) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as session:
        assert int(session.get(RevisionRow, "counter").token) == 40


def test_a_writer_that_waits_too_long_is_told_and_nothing_is_kept(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 200)
    engines.close_engines()
    own = OwnCatalog(open_database(database), Path("nowhere"))
    with transaction(own.engine) as session:
        session.add(RevisionRow(**{"name": "mine", "token": "1"}))
        session.flush()
        with pytest.raises(StoreError, match=r"is busy: .* Nothing of this step was kept"):
            own.put([a_product(1)])
        assert own.stats().n_products == 0  # readers do not wait
    own.put([a_product(1)])
    assert own.stats().n_products == 1


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:s3cret/part@127.0.0.1:nowhere/x",
        "mysql://ada:s3cret@127.0.0.1/x",
        "s3cret",
        "postgresql://ada:s3cret@127.0.0.1:1/x",
        "postgresql://ada:s3cret@127.0.0.1:1/x?unknown=1",
    ],
    ids=["unreadable", "another kind", "no address", "nobody there", "unknown option"],
)
def test_no_error_nor_log_nor_repr_tells_the_password(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreError) as caught:
        open_database(address)
    monkeypatch.setenv("SNEAKERAUG_DATABASE_URL", address)
    told = [str(caught.value), repr(read_settings()), caplog.text]
    cause: BaseException | None = caught.value.__cause__
    while cause is not None:
        told.append(str(cause))
        cause = cause.__cause__
    assert "s3cret" not in "\n".join(told)
    assert "127.0.0.1" not in str(caught.value)


def test_a_lost_server_is_said_and_comes_back_by_itself(postgresql_server: Server) -> None:
    own = OwnCatalog(open_database(postgresql_server.make_database()), Path("nowhere"))
    own.put([a_product(1)])
    postgresql_server.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match=r"does not answer \(.*once it is back"):
                own.stats()
        with pytest.raises(StoreError, match="does not answer"):
            own.put([a_product(2)])
    finally:
        postgresql_server.start()
    assert own.put([a_product(2)]) == (1, 0)
    assert own.stats().n_products == 2


def test_a_server_lost_in_the_middle_keeps_nothing_of_the_step(postgresql_server: Server) -> None:
    engine = open_database(postgresql_server.make_database())

    def lose_it() -> None:
        with transaction(engine) as session:
            session.add(RevisionRow(**{"name": "half", "token": "1"}))
            session.flush()
            postgresql_server.stop()
            session.add(RevisionRow(**{"name": "other half", "token": "1"}))

    try:
        with pytest.raises(StoreError, match=r"does not answer .*Nothing of this step was kept"):
            lose_it()
    finally:
        postgresql_server.start()
    with reading(engine) as session:
        assert session.get(RevisionRow, "half") is None


def test_postgresql_is_asked_for_by_either_name(postgresql_server: Server) -> None:
    address = postgresql_server.make_database()
    short = address.replace("postgresql+psycopg://", "postgres://")
    assert open_database(short).dialect.driver == "psycopg"


def test_the_settings_address_is_the_one_that_is_opened(database: str) -> None:
    own = open_own_catalog(get_settings())
    assert str(own.engine.url).startswith(database.split(":")[0])
