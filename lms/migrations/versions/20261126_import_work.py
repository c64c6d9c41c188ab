"""large files of HR are checked and taken in by a worker

Revision: 8e2f51c7d0b4
After: d1d3f1633a94
Made: 2026-11-26 22:45:00
"""

import sqlalchemy as sa
from alembic import op


revision = '8e2f51c7d0b4'
down_revision = 'd1d3f1633a94'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('import_file') as batch_op:
        batch_op.add_column(sa.Column('work', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('progress', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('problem', sa.JSON(), server_default='{}', nullable=False))
