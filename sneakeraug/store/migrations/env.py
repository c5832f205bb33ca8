"""Alembic runs this: migrations on the connection that `db.open_database` holds."""

from alembic import context

from sneakeraug.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
