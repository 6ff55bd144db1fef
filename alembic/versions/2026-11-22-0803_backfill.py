"""backfill

Revision ID: b1f3c8a92d57
Revises: c3b7d19e54a8
"""

import sqlalchemy as sa
from alembic import op


revision = 'b1f3c8a92d57'
down_revision = 'c3b7d19e54a8'
branch_labels = None
depends_on = None

NOT_ENDED = "NOT (state IN ('done', 'stopped'))"
STATES = ('listing', 'inviting', 'done', 'stopped')
OUTCOMES = ('invited', 'held', 'skipped', 'later')


def upgrade() -> None:
    op.create_table(
        'backfill',
        sa.Column('program', sa.Text(), nullable=False),
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('stage', sa.Text(), nullable=True),
        sa.Column('cap', sa.Integer(), nullable=False),
        sa.Column('per_hour', sa.Integer(), nullable=False),
        sa.Column(
            'state',
            sa.Enum(*STATES, name='backfillstate', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('cursor', sa.Text(), nullable=True),
        sa.Column('step', sa.Integer(), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_by', sa.Text(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_backfill')),
    )
    op.create_index(
        'uq_backfill_running',
        'backfill',
        ['program'],
        unique=True,
        postgresql_where=sa.text(NOT_ENDED),
        sqlite_where=sa.text(NOT_ENDED),
    )
    op.create_table(
        'backfill_application',
        sa.Column('backfill_id', sa.Uuid(), nullable=False),
        sa.Column('external_id', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column(
            'outcome',
            sa.Enum(*OUTCOMES, name='outcome', native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column('why', sa.Text(), nullable=True),
        sa.Column('at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['backfill_id'],
            ['backfill.id'],
            name=op.f('fk_backfill_application_backfill_id_backfill'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('backfill_id', 'external_id', name=op.f('pk_backfill_application')),
    )
    op.create_index(
        'ix_backfill_application_waiting', 'backfill_application', ['backfill_id', 'outcome', 'position']
    )


def downgrade() -> None:
    op.drop_table('backfill_application')
    op.drop_table('backfill')
