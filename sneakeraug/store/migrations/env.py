"""Alembic runs this: migrations in the transaction that `schema.bring_up_to_date` holds."""

from alembic import context

from sneakeraug.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
