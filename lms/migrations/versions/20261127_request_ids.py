"""the request that asked for a job, signs of life of workers, what became of jobs

Revision: 4c1e9a7b5d20
After: 8e2f51c7d0b4
Made: 2026-11-27 02:30:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '4c1e9a7b5d20'
down_revision = '8e2f51c7d0b4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('worker_sign',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_worker_sign'))
    )
    with op.batch_alter_table('worker_sign', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_worker_sign_seen_at'), ['seen_at'], unique=False)

    op.create_table('job_tally',
    sa.Column('kind', sa.String(length=50), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('jobs', sa.BigInteger(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'outcome', 'bucket', name=op.f('pk_job_tally'))
    )
    # Nullable, and without a batch: neither database copies the table for it.
    op.add_column('outbox_job', sa.Column('request_id', sa.String(length=64), nullable=True))

