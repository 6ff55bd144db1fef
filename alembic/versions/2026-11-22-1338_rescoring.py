"""later readings of stored transcripts, beside the result

Revision ID: 4c8e02d6b719
Revises: b93e07c5d1a8
"""

import sqlalchemy as sa
from alembic import op


revision = '4c8e02d6b719'
down_revision = 'b93e07c5d1a8'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'rescoring',
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('rubric_hash', sa.Text(), nullable=False),
        sa.Column('card', sa.Text(), nullable=False),
        sa.Column('reasons', sa.Text(), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_rescoring_interview_id_interview'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['rubric_hash'], ['rubric_snapshot.content_hash'], name=op.f('fk_rescoring_rubric_hash_rubric_snapshot')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rescoring')),
    )
    op.create_index('ix_rescoring_interview_id_made_at', 'rescoring', ['interview_id', 'made_at'])


def downgrade() -> None:
    op.drop_table('rescoring')
