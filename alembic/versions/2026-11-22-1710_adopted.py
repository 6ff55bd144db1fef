"""later readings that are used in the place of what stood

Revision ID: b07d4e19c6f2
Revises: 93c5e7a0d214
"""

import sqlalchemy as sa
from alembic import op


revision = 'b07d4e19c6f2'
down_revision = '93c5e7a0d214'
branch_labels = None
depends_on = None

_STATES = ('waiting', 'held', 'final', 'undone', 'replaced', 'dropped')


def upgrade() -> None:
    op.create_table(
        'adoption',
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('rescoring_id', sa.Uuid(), nullable=False),
        sa.Column('interview_version', sa.Integer(), nullable=False),
        sa.Column('actor_id', sa.Uuid(), nullable=False),
        sa.Column('actor_name', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('final_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            'state',
            sa.Enum(*_STATES, name='heldstate', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('agrees_with', sa.Uuid(), nullable=True),
        sa.Column('scorecard_id', sa.Uuid(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_adoption_actor_id_account')),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_adoption_interview_id_interview'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['rescoring_id'], ['rescoring.id'], name=op.f('fk_adoption_rescoring_id_rescoring'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['scorecard_id'], ['scorecard.id'], name=op.f('fk_adoption_scorecard_id_scorecard'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_adoption')),
    )
    for column in ('actor_id', 'interview_id', 'rescoring_id'):
        op.create_index(op.f(f'ix_adoption_{column}'), 'adoption', [column])
    for state in ('waiting', 'held'):
        only = sa.text(f"state = '{state}'")
        op.create_index(
            f'uq_adoption_{state}', 'adoption', ['interview_id'], unique=True, postgresql_where=only, sqlite_where=only
        )


def downgrade() -> None:
    op.drop_table('adoption')
