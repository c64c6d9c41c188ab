"""Wrong passwords are counted by known browser, and by address for the others

Revision: 7a3e15d0b962
After: 2f9b60c1ad47
Made: 2026-11-27 20:32:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '7a3e15d0b962'
down_revision = '2f9b60c1ad47'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('wrong_password',
    sa.Column('place', sa.String(length=20), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('place', name=op.f('pk_wrong_password'))
    )
    with op.batch_alter_table('wrong_password', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wrong_password_expires_at'), ['expires_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('wrong_password', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_wrong_password_expires_at'))

    op.drop_table('wrong_password')
