"""How long things are kept: what was purged, who asks to be erased

Revision: 9c41e7d2b6f3
After: d437323ba724
Made: 2026-11-27 02:36:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '9c41e7d2b6f3'
down_revision = 'd437323ba724'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'purge_line',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('what', sa.String(length=30), nullable=False),
        sa.Column('rule', sa.String(length=100), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_purge_line')),
        sa.UniqueConstraint('day', 'what', 'rule', name=op.f('uq_purge_line_day_what_rule')),
    )
    op.create_table(
        'erasure_request',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('words', sa.String(length=2000), nullable=False),
        sa.Column('answer', sa.String(length=2000), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_by', sa.Integer(), nullable=True),
        sa.CheckConstraint("state in ('open', 'refused', 'withdrawn')", name=op.f('ck_erasure_request_state_known')),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_erasure_request_person_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_erasure_request_decided_by'), ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_request')),
    )
    op.create_index(op.f('ix_erasure_request_person_id'), 'erasure_request', ['person_id'])
    op.create_index(
        'uq_erasure_request_open', 'erasure_request', ['person_id'], unique=True,
        sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
    )
    op.add_column('attempt', sa.Column('emptied_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('audit_head', sa.Column('start', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('audit_head', 'start')
    op.drop_column('attempt', 'emptied_at')
    op.drop_table('erasure_request')
    op.drop_table('purge_line')
