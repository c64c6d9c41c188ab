"""Keys that outlive the secret key

Revision: fef4dba707d9
After: f60a2c8e9d31
Made: 2026-11-27 15:12:34.758421
"""

import sqlalchemy as sa
from alembic import op


revision = 'fef4dba707d9'
down_revision = 'f60a2c8e9d31'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('kept_key',
    sa.Column('purpose', sa.String(length=40), nullable=False),
    sa.Column('sealed', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('purpose', name=op.f('pk_kept_key'))
    )


def downgrade() -> None:
    op.drop_table('kept_key')
