"""Connections to a database: one pool for each address, SQLite and PostgreSQL made alike."""

from __future__ import annotations

import atexit
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from sneakeraug.errors import StoreError

BUSY_MS: Final = 10_000
"""How long a writer waits for another one, and for a connection of the pool."""

CONNECT_S: Final = 5
"""How long a server may take to answer a new connection."""

RECYCLE_S: Final = 1800
"""After which a connection is made anew: firewalls forget idle ones."""

KEPT_POOLS: Final = 4
"""Databases whose connections are kept; of others they are closed."""

WRITES: Final = "sneakeraug_writes"
"""Execution option of a transaction that writes: from its beginning it is the only one."""

WRITERS_TURN: Final = 7_364_101
"""Number of the lock that writers hold on PostgreSQL for one transaction each."""

_POSTGRESQL: Final = ("postgres", "postgresql", "postgresql+psycopg")

_pools: OrderedDict[tuple[str, int], Engine] = OrderedDict()
_changing = threading.Lock()


def find_engine(address: str) -> Engine:
    """Return the connections to a database, the same ones for the same database.

    Parameters
    ----------
    address
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``. The folder of an SQLite
        file is made where it is missing. A file that took the place of another one is another
        database.

    Raises
    ------
    StoreError
        If the address is neither. No part of it is repeated: there is a password in it.
    OSError, SQLAlchemyError, ImportError
        If the file or its folder cannot be made, or the driver is missing.
    """
    url = _read_address(address)
    inode = 0
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(exist_ok=True)
        inode = file.stat().st_ino
    key = (address, inode)
    with _changing:
        if not _pools:
            atexit.register(close_engines)
        engine = _pools.get(key)
        if engine is None:
            engine = _make_engine(url)
            _pools[key] = engine
        _pools.move_to_end(key)
        while len(_pools) > KEPT_POOLS:
            _, oldest = _pools.popitem(last=False)
            oldest.dispose()  # whoever still has it gets new connections
    return engine


def close_engines() -> None:
    """Close every connection that is not in use; whoever asks again gets new ones."""
    with _changing:
        while _pools:
            _pools.popitem()[1].dispose()


def _read_address(address: str) -> URL:
    try:
        url = make_url(address)
    except (SQLAlchemyError, ValueError):
        raise _unreadable() from None  # what was raised repeats the address
    if url.drivername in _POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return url.set(drivername="sqlite")
    raise _unreadable()


def _unreadable() -> StoreError:
    return StoreError(
        "The database cannot be opened: SNEAKERAUG_DATABASE_URL is no address that can be read. "
        "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME is expected; write @, :, / and % "
        "of a password as %40, %3A, %2F and %25."
    )


def _make_engine(url: URL) -> Engine:
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": BUSY_MS / 1000}
    if url.drivername == "sqlite":
        if not url.database or url.database == ":memory:":
            options.pop("pool_timeout")
        engine = create_engine(url, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    given = {"connect_timeout": CONNECT_S, "application_name": "sneakeraug"}
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        connect_args={name: value for name, value in given.items() if name not in url.query},
        **options,
    )
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Readers beside one writer, keys that hold, and transactions that begin where we say."""
    connection.isolation_level = None  # else Python begins them, and not before tables change
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    _use_write_ahead_log(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_write_ahead_log(cursor: Any) -> None:
    """Switch a new file over; SQLite itself does not wait for another process that does so."""
    import sqlite3

    deadline = time.monotonic() + BUSY_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    """Nobody waits without end, neither for a writer nor for a client that was killed."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {BUSY_MS}")
        cursor.execute(f"SET idle_in_transaction_session_timeout = {6 * BUSY_MS}")
    connection.autocommit = False


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_TURN})")
