"""The version of a database's tables: read when it is opened, brought up to date, never back."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from sneakeraug.errors import StoreError
from sneakeraug.store.engines import WRITES

MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"


def known_versions() -> list[str]:
    """Return the versions of the tables that this program knows, the oldest first."""
    return sorted(path.name[1:5] for path in (MIGRATIONS / "versions").glob("v[0-9]*.py"))


def bring_up_to_date(engine: Engine) -> None:
    """Bring a database's tables to the newest version, all steps of it or none.

    Where several processes do so at once, one does and the others wait.

    Raises
    ------
    StoreError
        If they are of a version that this program does not know.
    """
    with engine.connect() as connection:
        if _is_current(connection):
            return
    # Heavy, and of no use but for the first run of a new version.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if not _is_current(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    """Whether nothing is to be done; a newer database is an error."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    known = known_versions()
    if unknown := [version for version in found if version not in known]:
        raise StoreError(
            "The database was written by a newer version of sneakeraug: its tables are of version "
            f"{str(unknown[0])[:40]}, and {known[-1]} is the newest this one knows. Install a "
            "newer sneakeraug, or set SNEAKERAUG_DATABASE_URL to another database."
        )
    return list(found) == known[-1:]
