"""candidates who were asked again, with what they had handed in until then

Revision ID: 93c5e7a0d214
Revises: e6d2b4a19f37
"""

import sqlalchemy as sa
from alembic import op


revision = '93c5e7a0d214'
down_revision = 'e6d2b4a19f37'
branch_labels = None
depends_on = None

_STATES = ('waiting', 'held', 'final', 'undone', 'replaced', 'dropped')
_STANDS = sa.text("state IN ('held', 'final')")


def upgrade() -> None:
    op.create_table(
        'reopening',
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('case_id', sa.Uuid(), nullable=False),
        sa.Column('round', sa.Integer(), nullable=False),
        sa.Column('actor_id', sa.Uuid(), nullable=False),
        sa.Column('actor_name', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('final_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            'state',
            sa.Enum(*_STATES, name='heldstate', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('answers', sa.Text(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_reopening_interview_id_interview'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['case_id'], ['review_case.id'], name=op.f('fk_reopening_case_id_review_case'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_reopening_actor_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reopening')),
    )
    op.create_index(op.f('ix_reopening_interview_id'), 'reopening', ['interview_id'])
    op.create_index(op.f('ix_reopening_case_id'), 'reopening', ['case_id'])
    op.create_index(op.f('ix_reopening_actor_id'), 'reopening', ['actor_id'])
    # One that stands: a candidate is asked again once.
    op.create_index(
        'uq_reopening_once',
        'reopening',
        ['interview_id'],
        unique=True,
        postgresql_where=_STANDS,
        sqlite_where=_STANDS,
    )


def downgrade() -> None:
    op.drop_table('reopening')
