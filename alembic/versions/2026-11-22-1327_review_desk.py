"""decisions that are held, blind readings, openings and assignments of cases

Revision ID: 1f7a4c93e5d0
Revises: 7d0b52e8c931
"""

import sqlalchemy as sa
from alembic import op


revision = '1f7a4c93e5d0'
down_revision = '7d0b52e8c931'
branch_labels = None
depends_on = None

_VERDICTS = ('confirm', 'override', 'close_unscored', 'continue', 'hand_over')
_STATES = ('waiting', 'held', 'final', 'undone', 'replaced', 'dropped')


def upgrade() -> None:
    op.create_table(
        'held_decision',
        sa.Column('case_id', sa.Uuid(), nullable=False),
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('scorecard_id', sa.Uuid(), nullable=False),
        sa.Column('actor_id', sa.Uuid(), nullable=False),
        sa.Column('actor_name', sa.Text(), nullable=False),
        sa.Column(
            'verdict',
            sa.Enum(*_VERDICTS, name='decisionverdict', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('band', sa.Text(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('final_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            'state',
            sa.Enum(*_STATES, name='heldstate', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('agrees_with', sa.Uuid(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['review_case.id'], name=op.f('fk_held_decision_case_id_review_case'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_held_decision_interview_id_interview'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['scorecard_id'], ['scorecard.id'], name=op.f('fk_held_decision_scorecard_id_scorecard'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_held_decision_actor_id_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_held_decision')),
    )
    op.create_index(op.f('ix_held_decision_case_id'), 'held_decision', ['case_id'])
    op.create_index(op.f('ix_held_decision_interview_id'), 'held_decision', ['interview_id'])
    op.create_index('ix_held_decision_actor_id_decided_at', 'held_decision', ['actor_id', 'decided_at'])
    for state in ('waiting', 'held'):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f'uq_held_decision_{state}',
            'held_decision',
            ['case_id'],
            unique=True,
            postgresql_where=where,
            sqlite_where=where,
        )
    op.create_table(
        'blind_reading',
        sa.Column('case_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('scorecard_id', sa.Uuid(), nullable=False),
        sa.Column('band', sa.Text(), nullable=False),
        sa.Column('machine_band', sa.Text(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['review_case.id'], name=op.f('fk_blind_reading_case_id_review_case'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_blind_reading_account_id_account')),
        sa.ForeignKeyConstraint(
            ['scorecard_id'], ['scorecard.id'], name=op.f('fk_blind_reading_scorecard_id_scorecard'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('case_id', 'account_id', name=op.f('pk_blind_reading')),
    )
    op.create_table(
        'case_opening',
        sa.Column('case_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['review_case.id'], name=op.f('fk_case_opening_case_id_review_case'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_case_opening_account_id_account')),
        sa.PrimaryKeyConstraint('case_id', 'account_id', name=op.f('pk_case_opening')),
    )
    op.create_table(
        'case_assignment',
        sa.Column('case_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['case_id'], ['review_case.id'], name=op.f('fk_case_assignment_case_id_review_case'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_case_assignment_account_id_account')),
        sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_assignment')),
    )
    op.create_index(op.f('ix_case_assignment_account_id'), 'case_assignment', ['account_id'])


def downgrade() -> None:
    op.drop_table('case_assignment')
    op.drop_table('case_opening')
    op.drop_table('blind_reading')
    op.drop_table('held_decision')
