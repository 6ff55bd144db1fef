"""worker processes

Revision ID: 4c1e9a7b60d3
Revises: 8f3a0c5d1b72
"""

import sqlalchemy as sa
from alembic import op


revision = '4c1e9a7b60d3'
down_revision = '8f3a0c5d1b72'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'worker_process',
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('started_at', sa.Double(), nullable=False),
        sa.Column('seen_at', sa.Double(), nullable=False),
        sa.Column('lease', sa.Double(), nullable=False),
        sa.Column('concurrency', sa.Integer(), nullable=False),
        sa.Column('kinds', sa.Text(), nullable=True),
        sa.Column('claimed', sa.BigInteger(), nullable=False),
        sa.Column('finished', sa.BigInteger(), nullable=False),
        sa.Column('failed', sa.BigInteger(), nullable=False),
        sa.Column('leases_lost', sa.BigInteger(), nullable=False),
        sa.Column('tallies', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_worker_process')),
    )


def downgrade() -> None:
    op.drop_table('worker_process')
