"""Files of HR whose former values are no longer kept cannot be undone

Revision: 8e41c07b5d2f
After: c2a7e0d94b15
Made: 2026-11-27 15:25:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '8e41c07b5d2f'
down_revision = 'c2a7e0d94b15'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('import_run', sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('import_run') as batch:
        batch.drop_column('settled_at')
