"""Days of the past that somebody asked for, counted by a worker and kept for a day

Revision: 870c67f2749a
After: fef4dba707d9
Made: 2026-11-27 16:11:51.851068
"""

import sqlalchemy as sa
from alembic import op


revision = '870c67f2749a'
down_revision = 'fef4dba707d9'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counted_day',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('money', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counted_day')),
    sa.UniqueConstraint('day', name=op.f('uq_counted_day_day'))
    )
    op.create_table('counted_figure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('counted_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('track_key', sa.String(length=100), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('branch', sa.String(length=3), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('population', sa.Boolean(), nullable=False),
    sa.Column('agents', sa.Integer(), nullable=False),
    sa.Column('enrolled', sa.Integer(), nullable=False),
    sa.Column('completed', sa.Integer(), nullable=False),
    sa.Column('presented', sa.Integer(), nullable=False),
    sa.Column('certified', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['counted_id'], ['counted_day.id'], name=op.f('fk_counted_figure_counted_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counted_figure'))
    )
    op.create_index(op.f('ix_counted_figure_counted_id_unit_id_track_key'), 'counted_figure', ['counted_id', 'unit_id', 'track_key'], unique=False)
    op.create_table('counted_unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('counted_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['counted_id'], ['counted_day.id'], name=op.f('fk_counted_unit_counted_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counted_unit')),
    sa.UniqueConstraint('counted_id', 'unit_id', name=op.f('uq_counted_unit_counted_id_unit_id'))
    )


def downgrade() -> None:
    op.drop_table('counted_unit')
    op.drop_table('counted_figure')
    op.drop_table('counted_day')
