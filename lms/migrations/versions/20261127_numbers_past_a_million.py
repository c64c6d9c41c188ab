"""Certificates are numbered past a million a year

Revision: 5b8f0c6ad214
After: 7090b1c8019f
Made: 2026-11-27 05:10:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '5b8f0c6ad214'
down_revision = '7090b1c8019f'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'certificate_year',
        sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('last', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('year', name=op.f('pk_certificate_year')),
    )


def downgrade() -> None:
    op.drop_table('certificate_year')
