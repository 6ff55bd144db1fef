"""what an ATS that keeps the list of offers was last told

Revision ID: c41e9a7d5b08
Revises: e4a91c3d7b60
"""

import sqlalchemy as sa
from alembic import op


revision = 'c41e9a7d5b08'
down_revision = 'e4a91c3d7b60'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'published_offers',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('edition', sa.Text(), nullable=False),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('connection', name=op.f('pk_published_offers')),
    )


def downgrade() -> None:
    op.drop_table('published_offers')
