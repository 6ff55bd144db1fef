"""until when a mention of the ATS keeps a bucket empty

Revision ID: 7d0b52e8c931
Revises: 5e1c90d7a4b2
"""

import sqlalchemy as sa
from alembic import op


revision = '7d0b52e8c931'
down_revision = '5e1c90d7a4b2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('rate_bucket', sa.Column('closed_until', sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column('rate_bucket', 'closed_until')
