"""what was decided about follow-ups

Revision ID: e6d2b4a19f37
Revises: 4c8e02d6b719
"""

import sqlalchemy as sa
from alembic import op


revision = 'e6d2b4a19f37'
down_revision = '4c8e02d6b719'
branch_labels = None
depends_on = None

_REASONS = (
    'missing',
    'enough_asked',
    'nothing_to_add',
    'passed_over',
    'nothing_missing',
    'model_saw_nothing_missing',
)


def upgrade() -> None:
    op.create_table(
        'follow_up',
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('question_id', sa.Text(), nullable=False),
        sa.Column('place', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('probe_id', sa.Text(), nullable=True),
        sa.Column(
            'reason',
            sa.Enum(*_REASONS, name='followupreason', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('missing', sa.Text(), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_follow_up_interview_id_interview')
        ),
        sa.PrimaryKeyConstraint('interview_id', 'question_id', 'place', name=op.f('pk_follow_up')),
    )


def downgrade() -> None:
    op.drop_table('follow_up')
