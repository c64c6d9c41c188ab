"""exports kept, and the files made of them

Revision: 3d5b9c07a1e8
After: 3120227be084
Made: 2026-11-26 18:12:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '3d5b9c07a1e8'
down_revision = '3120227be084'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('saved_export',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('report', sa.String(length=50), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=10), nullable=False),
    sa.Column('schedule', sa.String(length=10), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("place in ('download', 'folder', 'sftp')", name=op.f('ck_saved_export_place_known')),
    sa.CheckConstraint("schedule in ('none', 'daily', 'weekly', 'monthly')", name=op.f('ck_saved_export_schedule_known')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_saved_export_person_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_export'))
    )
    with op.batch_alter_table('saved_export', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_saved_export_next_at'), ['next_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_saved_export_person_id'), ['person_id'], unique=False)

    op.create_table('export_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('saved_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('report', sa.String(length=50), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('filters', sa.JSON(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('scope', sa.JSON(), nullable=False),
    sa.Column('file', sa.String(length=100), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('delivered_as', sa.String(length=200), nullable=True),
    sa.Column('error', sa.String(length=300), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("place in ('download', 'folder', 'sftp')", name=op.f('ck_export_run_place_known')),
    sa.CheckConstraint("state in ('waiting', 'running', 'delivering', 'done', 'failed', 'cancelled', 'expired')", name=op.f('ck_export_run_state_known')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_export_run_person_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['saved_id'], ['saved_export.id'], name=op.f('fk_export_run_saved_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_export_run'))
    )
    with op.batch_alter_table('export_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_export_run_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_export_run_person_id_asked_at'), ['person_id', 'asked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_export_run_saved_id'), ['saved_id'], unique=False)


def downgrade() -> None:
    op.drop_table('export_run')
    op.drop_table('saved_export')
