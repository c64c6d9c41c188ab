"""A cost that was wrong is closed, and kept

Revision: 5d0c7be2a914
After: 2a4c8e90b7d1
Made: 2026-11-26 18:07:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '5d0c7be2a914'
down_revision = '2a4c8e90b7d1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('cost') as batch:
        batch.add_column(sa.Column('until', sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column('closed_by', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_cost_closed_by'), 'person', ['closed_by'], ['id'], ondelete='SET NULL')


def downgrade() -> None:
    with op.batch_alter_table('cost') as batch:
        batch.drop_constraint(op.f('fk_cost_closed_by'), type_='foreignkey')
        batch.drop_column('closed_by')
        batch.drop_column('until')
