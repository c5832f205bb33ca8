"""The database: SQLite in home unless a URL says otherwise, brought up to date when opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from sneakeraug.errors import StoreError

MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"

BUSY_MS: Final = 10_000
"""How long a writer waits for another one."""


def open_database(url: str) -> Engine:
    """Open a database and bring its tables up to date.

    Parameters
    ----------
    url
        As SQLAlchemy reads it, for instance ``sqlite:///catalog.db``. The folder of an SQLite
        file is made where it is missing.

    Raises
    ------
    StoreError
        If it cannot be opened, or belongs to a newer version of this package.
    """
    # Heavy, and of no use where nothing was ever imported.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            if engine.url.database:
                Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
            event.listen(engine, "connect", _prepare_sqlite)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (ArgumentError, SQLAlchemyError, OSError, ImportError) as exc:
        raise StoreError(
            f"The database cannot be opened ({_first_line(exc)}). Check SNEAKERAUG_DATABASE_URL "
            "and who may write there."
        ) from exc
    except CommandError as exc:
        raise StoreError(
            f"The database was written by another version of sneakeraug ({_first_line(exc)}). "
            "Use that version, or another database."
        ) from exc
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose changes are kept together or not at all.

    Raises
    ------
    StoreError
        If the database is full, locked, damaged or gone.
    """
    try:
        with Session(engine) as session, session.begin():
            yield session
    except SQLAlchemyError as exc:
        raise StoreError(
            f"The database could not be read or written ({_first_line(exc)}). Nothing of this "
            "step was kept; make room, wait for other runs to end, and try again."
        ) from exc


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Readers beside one writer, and keys that hold."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _first_line(exc: Exception) -> str:
    original = getattr(exc, "orig", None) or exc
    return str(original).splitlines()[0][:160] if str(original) else type(exc).__name__
