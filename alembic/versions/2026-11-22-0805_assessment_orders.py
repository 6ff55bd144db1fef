"""assessment orders and what is told about them

Revision ID: 7d2f0b86c9e1
Revises: b1f3c8a92d57
"""

import sqlalchemy as sa
from alembic import op


revision = '7d2f0b86c9e1'
down_revision = 'b1f3c8a92d57'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'assessment_order',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('dedupe', sa.Text(), nullable=False),
        sa.Column('turn', sa.Integer(), nullable=False),
        sa.Column('program_key', sa.Text(), nullable=False),
        sa.Column('report_to', sa.Text(), nullable=True),
        sa.Column('content', sa.Text(), nullable=True),
        sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            'state',
            sa.Enum(
                'received', 'held', 'placed', 'skipped', 'cancelled',
                name='orderstate', native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('ours', sa.Boolean(), nullable=False),
        sa.Column('application_id', sa.Uuid(), nullable=True),
        sa.Column('interview_id', sa.Uuid(), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['application_id'], ['application.id'], name=op.f('fk_assessment_order_application_id_application')
        ),
        sa.ForeignKeyConstraint(
            ['interview_id'], ['interview.id'], name=op.f('fk_assessment_order_interview_id_interview')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_assessment_order')),
        sa.UniqueConstraint('connection', 'dedupe', 'turn', name=op.f('uq_assessment_order_connection_dedupe_turn')),
    )
    op.create_index(op.f('ix_assessment_order_application_id'), 'assessment_order', ['application_id'], unique=False)
    op.create_index(op.f('ix_assessment_order_interview_id'), 'assessment_order', ['interview_id'], unique=False)
    op.create_index('ix_assessment_order_received_at', 'assessment_order', ['received_at'], unique=False)
    op.create_table(
        'order_report',
        sa.Column('order_id', sa.Uuid(), nullable=False),
        sa.Column(
            'progress',
            sa.Enum(
                'waiting', 'started', 'completed', 'cancelled',
                name='progress', native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            'state',
            sa.Enum(
                'pending', 'told', 'no_word', 'overtaken',
                name='reportstate', native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['order_id'], ['assessment_order.id'], name=op.f('fk_order_report_order_id_assessment_order')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_order_report')),
        sa.UniqueConstraint('order_id', 'progress', name=op.f('uq_order_report_order_id_progress')),
    )


def downgrade() -> None:
    op.drop_table('order_report')
    op.drop_index('ix_assessment_order_received_at', table_name='assessment_order')
    op.drop_index(op.f('ix_assessment_order_interview_id'), table_name='assessment_order')
    op.drop_index(op.f('ix_assessment_order_application_id'), table_name='assessment_order')
    op.drop_table('assessment_order')
