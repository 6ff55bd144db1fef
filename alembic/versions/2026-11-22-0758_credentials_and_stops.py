"""stored credentials, OAuth tokens, consent, stops

Revision ID: c3b7d19e54a8
Revises: 4c1e9a7b60d3
"""

import sqlalchemy as sa
from alembic import op


revision = 'c3b7d19e54a8'
down_revision = '4c1e9a7b60d3'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'connection_secret',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('sealed', sa.Text(), nullable=False),
        sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('set_by', sa.Text(), nullable=False),
        sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('connection', 'name', name=op.f('pk_connection_secret')),
    )
    op.create_table(
        'connection_token',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('bound', sa.Text(), nullable=True),
        sa.Column('sealed', sa.Text(), nullable=True),
        sa.Column('access_ends_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('renewed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('consented_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('turn', sa.String(length=36), nullable=True),
        sa.Column('turn_until', sa.Double(), nullable=True),
        sa.Column('unsettled', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint('connection', name=op.f('pk_connection_token')),
    )
    op.create_table(
        'consent_request',
        sa.Column('state_hash', sa.Text(), nullable=False),
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('session_hash', sa.Text(), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=False),
        sa.Column('sealed', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_consent_request_account_id_account')),
        sa.PrimaryKeyConstraint('state_hash', name=op.f('pk_consent_request')),
    )
    op.create_index(op.f('ix_consent_request_expires_at'), 'consent_request', ['expires_at'], unique=False)
    op.create_table(
        'credential_end',
        sa.Column('connection', sa.Text(), nullable=False),
        sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('connection', name=op.f('pk_credential_end')),
    )
    op.create_table(
        'stop',
        sa.Column(
            'scope',
            sa.Enum(
                'everything', 'connection', 'program',
                name='stopscope', native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('scope', 'name', name=op.f('pk_stop')),
    )


def downgrade() -> None:
    op.drop_table('stop')
    op.drop_table('credential_end')
    op.drop_index(op.f('ix_consent_request_expires_at'), table_name='consent_request')
    op.drop_table('consent_request')
    op.drop_table('connection_token')
    op.drop_table('connection_secret')
