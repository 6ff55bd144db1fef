"""heads of lanes, shelves, inbox, trouble

No table is copied on SQLite: copying would lose the check constraints, which cannot be read back.

Revision ID: 8f3a0c5d1b72
Revises: d55c7e2734a3
"""

import sqlalchemy as sa
from alembic import op


revision = '8f3a0c5d1b72'
down_revision = 'd55c7e2734a3'
branch_labels = None
depends_on = None


def where(postgresql: str, sqlite: str | None = None) -> dict[str, sa.TextClause]:
    return {'postgresql_where': sa.text(postgresql), 'sqlite_where': sa.text(sqlite or postgresql)}


QUEUED = where("state = 'queued'")
RUNNING = where("state = 'running'")
QUEUED_HEAD = where("state = 'queued' AND head", "state = 'queued' AND head = 1")
OPEN_HEAD = where("state IN ('queued', 'running') AND head", "state IN ('queued', 'running') AND head = 1")
FINISHED = where('finished_at IS NOT NULL')
WAITING = where("state = 'received' AND NOT queued", "state = 'received' AND queued = 0")


def upgrade() -> None:
    op.add_column('work', sa.Column('head', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('work', sa.Column('shelf', sa.String(length=160), nullable=False, server_default=''))
    op.execute(
        "UPDATE work SET shelf = CAST(priority AS TEXT) || '/' || coalesce(rate_key, '') || '/' || kind "
        "WHERE state IN ('queued', 'running', 'dead')"
    )
    # What runs is the head of its lane, else the first that waits.
    op.execute(
        "UPDATE work SET head = false WHERE lane IS NOT NULL AND state = 'queued' AND EXISTS (SELECT 1 FROM work AS other "
        "WHERE other.lane = work.lane AND (other.state = 'running' OR (other.state = 'queued' AND other.id < work.id)))"
    )
    op.drop_index('ix_work_due', 'work')
    op.drop_index('uq_work_lane_running', 'work')
    op.drop_index('ix_work_state_finished', 'work')
    op.create_index('ix_work_finished', 'work', ['state', 'finished_at'], unique=False, **FINISHED)
    op.create_index('ix_work_due', 'work', ['shelf', 'run_at', 'id'], unique=False, **QUEUED_HEAD)
    op.create_index('uq_work_lane_head', 'work', ['lane'], unique=True, **OPEN_HEAD)
    op.add_column('work_pause', sa.Column('failures', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('delivery', sa.Column('lane', sa.Text(), nullable=True))
    # The work of those that are there is on the table already: they get the value that new ones do not.
    if op.get_bind().dialect.name == 'postgresql':
        op.add_column('delivery', sa.Column('queued', sa.Boolean(), nullable=False, server_default=sa.true()))
        op.alter_column('delivery', 'queued', server_default=sa.false())
    else:
        op.add_column('delivery', sa.Column('queued', sa.Boolean(), nullable=False, server_default=sa.false()))
        op.execute("UPDATE delivery SET queued = true")
    op.create_index('ix_delivery_waiting', 'delivery', ['id'], unique=False, **WAITING)
    # Numbered within the application from now on, in the order in which they were made.
    op.execute(
        "UPDATE write_back SET sequence = 1000000 + (SELECT count(*) FROM write_back AS other WHERE "
        "other.application_id = write_back.application_id AND (other.created_at < write_back.created_at OR "
        "(other.created_at = write_back.created_at AND other.id < write_back.id)))"
    )
    op.execute("UPDATE write_back SET sequence = sequence - 999999")
    op.create_index('uq_write_back_application_id_sequence', 'write_back', ['application_id', 'sequence'], unique=True)


def downgrade() -> None:
    waiting = op.get_bind().execute(sa.text("SELECT count(*) FROM delivery WHERE state = 'received' AND NOT queued")).scalar()
    if waiting:
        # Nothing was made of them yet, and the older release would never look for them.
        raise RuntimeError(f"{waiting} deliveries wait to be worked off: run a worker before going back")
    op.drop_index('uq_write_back_application_id_sequence', 'write_back')
    op.drop_index('ix_delivery_waiting', 'delivery')
    op.execute("ALTER TABLE delivery DROP COLUMN queued")
    op.execute("ALTER TABLE delivery DROP COLUMN lane")
    # The older release knows no failures: a pause that only they made would stay for ever.
    op.execute("DELETE FROM work_pause WHERE failures > 0")
    op.execute("ALTER TABLE work_pause DROP COLUMN failures")
    op.drop_index('ix_work_finished', 'work')
    op.create_index('ix_work_state_finished', 'work', ['state', 'finished_at'], unique=False)
    op.drop_index('uq_work_lane_head', 'work')
    op.drop_index('ix_work_due', 'work')
    op.execute("ALTER TABLE work DROP COLUMN shelf")
    op.execute("ALTER TABLE work DROP COLUMN head")
    op.create_index('ix_work_due', 'work', ['priority', 'run_at', 'id'], unique=False, **QUEUED)
    op.create_index('uq_work_lane_running', 'work', ['lane'], unique=True, **RUNNING)
