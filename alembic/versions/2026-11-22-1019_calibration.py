"""calibration sessions

Revision ID: b93e07c5d1a8
Revises: 1f7a4c93e5d0
"""

import sqlalchemy as sa
from alembic import op


revision = 'b93e07c5d1a8'
down_revision = '1f7a4c93e5d0'
branch_labels = None
depends_on = None

_STATES = ('rating', 'revealed', 'closed')


def upgrade() -> None:
    op.create_table(
        'calibration_session',
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('rubric_hash', sa.Text(), nullable=False),
        sa.Column(
            'state',
            sa.Enum(*_STATES, name='sessionstate', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('created_by', sa.Uuid(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('revealed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['rubric_hash'],
            ['rubric_snapshot.content_hash'],
            name=op.f('fk_calibration_session_rubric_hash_rubric_snapshot'),
        ),
        sa.ForeignKeyConstraint(
            ['created_by'], ['account.id'], name=op.f('fk_calibration_session_created_by_account')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_calibration_session')),
    )
    op.create_table(
        'calibration_item',
        sa.Column('session_id', sa.Uuid(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('interview_id', sa.Uuid(), nullable=True),
        sa.Column('gold', sa.Text(), nullable=True),
        sa.Column('machine', sa.Text(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['session_id'],
            ['calibration_session.id'],
            name=op.f('fk_calibration_item_session_id_calibration_session'),
        ),
        sa.ForeignKeyConstraint(
            ['interview_id'],
            ['interview.id'],
            name=op.f('fk_calibration_item_interview_id_interview'),
            ondelete='SET NULL',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_calibration_item')),
        sa.UniqueConstraint('session_id', 'position', name=op.f('uq_calibration_item_session_id_position')),
    )
    op.create_index(op.f('ix_calibration_item_session_id'), 'calibration_item', ['session_id'])
    op.create_index(op.f('ix_calibration_item_interview_id'), 'calibration_item', ['interview_id'])
    op.create_table(
        'calibration_rater',
        sa.Column('session_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('handed_in_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ['session_id'],
            ['calibration_session.id'],
            name=op.f('fk_calibration_rater_session_id_calibration_session'),
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_calibration_rater_account_id_account')),
        sa.PrimaryKeyConstraint('session_id', 'account_id', name=op.f('pk_calibration_rater')),
    )
    op.create_index(op.f('ix_calibration_rater_account_id'), 'calibration_rater', ['account_id'])
    op.create_table(
        'calibration_rating',
        sa.Column('item_id', sa.Uuid(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('competency', sa.Text(), nullable=False),
        sa.Column('level', sa.Integer(), nullable=True),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['item_id'], ['calibration_item.id'], name=op.f('fk_calibration_rating_item_id_calibration_item')
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_calibration_rating_account_id_account')),
        sa.PrimaryKeyConstraint('item_id', 'account_id', 'competency', name=op.f('pk_calibration_rating')),
    )
    op.create_index(op.f('ix_calibration_rating_account_id'), 'calibration_rating', ['account_id'])
    op.create_table(
        'calibration_agreed',
        sa.Column('item_id', sa.Uuid(), nullable=False),
        sa.Column('competency', sa.Text(), nullable=False),
        sa.Column('level', sa.Integer(), nullable=True),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['item_id'], ['calibration_item.id'], name=op.f('fk_calibration_agreed_item_id_calibration_item')
        ),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_calibration_agreed_account_id_account')),
        sa.PrimaryKeyConstraint('item_id', 'competency', name=op.f('pk_calibration_agreed')),
    )


def downgrade() -> None:
    op.drop_table('calibration_agreed')
    op.drop_table('calibration_rating')
    op.drop_table('calibration_rater')
    op.drop_table('calibration_item')
    op.drop_table('calibration_session')
