"""drift, absences and stock

Revision ID: 5e1c90d7a4b2
Revises: c41e9a7d5b08
"""

import sqlalchemy as sa
from alembic import op


revision = '5e1c90d7a4b2'
down_revision = 'c41e9a7d5b08'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'drift',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('moves', sa.Integer(), nullable=False),
        sa.Column('dated', sa.Integer(), nullable=False),
        sa.Column('lag_total', sa.Double(), nullable=False),
        sa.Column('lag_most', sa.Double(), nullable=False),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('judged', sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint('connection', 'day', name=op.f('pk_drift')),
    )
    op.create_table(
        'absence',
        sa.Column('application_id', sa.Uuid(), nullable=False),
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('look_again_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['application_id'],
            ['application.id'],
            name=op.f('fk_absence_application_id_application'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('application_id', name=op.f('pk_absence')),
    )
    op.create_index('ix_absence_connection_look_again_at', 'absence', ['connection', 'look_again_at'])
    op.create_table(
        'stock',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('step', sa.Integer(), nullable=False),
        sa.Column('cursor', sa.Text(), nullable=True),
        sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('listed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('connection', name=op.f('pk_stock')),
    )
    op.create_table(
        'standing',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('external_id', sa.Text(), nullable=False),
        sa.Column('stage_id', sa.Text(), nullable=True),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('missed', sa.Integer(), server_default='0', nullable=False),
        sa.Column('moved_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('connection', 'external_id', name=op.f('pk_standing')),
    )
    op.create_index(
        'ix_standing_unseen',
        'standing',
        ['connection', 'missed', 'external_id'],
        postgresql_where=sa.text('seen_at IS NULL'),
        sqlite_where=sa.text('seen_at IS NULL'),
    )


def downgrade() -> None:
    op.drop_table('standing')
    op.drop_table('stock')
    op.drop_table('absence')
    op.drop_table('drift')
