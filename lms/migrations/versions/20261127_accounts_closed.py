"""Accounts of this service may be closed

Revision: 2f9b60c1ad47
After: 870c67f2749a
Made: 2026-11-27 16:58:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '2f9b60c1ad47'
down_revision = '870c67f2749a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('local_account', sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('local_account') as batch:
        batch.drop_column('closed_at')
