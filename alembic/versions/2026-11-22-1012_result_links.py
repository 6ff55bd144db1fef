"""result links

Revision ID: e4a91c3d7b60
Revises: 7d2f0b86c9e1
"""

import sqlalchemy as sa
from alembic import op


revision = 'e4a91c3d7b60'
down_revision = '7d2f0b86c9e1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'result_link',
        sa.Column('interview_id', sa.Uuid(), nullable=False),
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('generation', sa.Integer(), nullable=False),
        sa.Column('token_hash', sa.Text(), nullable=False),
        sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ['interview_id'],
            ['interview.id'],
            name=op.f('fk_result_link_interview_id_interview'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_result_link')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_result_link_token_hash')),
    )
    op.create_index(op.f('ix_result_link_interview_id'), 'result_link', ['interview_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_result_link_interview_id'), table_name='result_link')
    op.drop_table('result_link')
