"""The database: SQLite in home unless an address says otherwise, brought up to date when opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.orm import Session

from sneakeraug.errors import StoreError
from sneakeraug.store.engines import BUSY_MS, WRITES, find_engine
from sneakeraug.store.schema import bring_up_to_date

_BUSY: Final = ("55P03", "40001", "40P01")
"""PostgreSQL's codes of a lock that was not had in time, and of writers in each other's way."""

_AWAY: Final = ("08", "57P", "53300")
"""Beginnings of its codes of a server that ends, starts, or has no connection left."""

_ADDRESS: Final = re.compile(r"connection to server (?:at|on socket) .*? failed: ")


def open_database(address: str) -> Engine:
    """Open a database and bring its tables up to date.

    Parameters
    ----------
    address
        See `engines.find_engine`. Opening one again costs next to nothing.

    Raises
    ------
    StoreError
        If it cannot be opened, or belongs to a newer version of this package.
    """
    engine = None
    try:
        engine = find_engine(address)
        bring_up_to_date(engine)
    except (SQLAlchemyError, OSError, ImportError) as exc:
        if engine is not None and (said := _busy_or_away(exc, engine)):
            raise StoreError(said) from exc
        raise StoreError(
            f"The database cannot be opened ({_first_line(exc, engine)}). Check "
            "SNEAKERAUG_DATABASE_URL and who may write there."
        ) from exc
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose changes are kept together or not at all.

    Of all processes one at a time is in here, the others wait for it: what is read in a
    transaction stays true until its end. For reading alone there is `reading`, which waits for
    nobody.

    Raises
    ------
    StoreError
        If the database is full, busy for too long, damaged or gone.
    """
    with _session(engine.execution_options(**{WRITES: True})) as session:
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that reads; all of it from one moment.

    Raises
    ------
    StoreError
        If the database is damaged or gone.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with _session(engine) as session:
        yield session


@contextmanager
def _session(engine: Engine) -> Iterator[Session]:
    try:
        with Session(engine) as session, session.begin():
            yield session
    except SQLAlchemyError as exc:
        raise StoreError(
            _busy_or_away(exc, engine)
            or f"The database could not be read or written ({_first_line(exc, engine)}). Nothing "
            "of this step was kept; make room, wait for other runs to end, and try again."
        ) from exc


def _busy_or_away(exc: Exception, engine: Engine) -> str | None:
    """What to say of a database that will be well again by itself; None of another."""
    if isinstance(exc, NoConnectionError):
        return _busy()
    if not isinstance(exc, DBAPIError):
        return None
    code = getattr(exc.orig, "sqlstate", None)
    if code in _BUSY or "database is locked" in str(exc.orig):
        return _busy()
    is_server = engine.dialect.name == "postgresql"
    is_lost = exc.connection_invalidated or (code or "").startswith(_AWAY)
    if is_server and (is_lost or (code is None and "connection" in str(exc.orig))):
        return (
            f"The database does not answer ({_first_line(exc, engine)}). Nothing of this step was "
            "kept; it is asked anew each time, so try again once it is back."
        )
    return None


def _busy() -> str:
    return (
        f"The database is busy: others have been writing for more than {BUSY_MS // 1000} s. "
        "Nothing of this step was kept; try again in a moment."
    )


def _first_line(exc: Exception, engine: Engine | None) -> str:
    """What a driver said, without where the server is and without the password."""
    said = str(getattr(exc, "orig", None) or exc)
    line = _ADDRESS.sub("", said.splitlines()[0]) if said else type(exc).__name__
    password = engine.url.password if engine is not None else None
    if password:
        line = line.replace(str(password), "***")
    return line[:160]
