"""Which keys sign each certificate, and what remains of files signed with a compromised key

Revision: 5d0c7e1fb3a2
After: 7c673e2664b4
Made: 2026-11-26 14:45:00
"""

import sqlalchemy as sa
from alembic import op


revision = '5d0c7e1fb3a2'
down_revision = '7c673e2664b4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('certificate', schema=None) as batch_op:
        batch_op.add_column(sa.Column('signed_with', sa.String(length=300), nullable=False, server_default=''))
        batch_op.create_index(batch_op.f('ix_certificate_signed_with'), ['signed_with'], unique=False)

    op.create_table('superseded_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('certificate_id', sa.Uuid(), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=60), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_superseded_file_certificate_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_superseded_file'))
    )
    with op.batch_alter_table('superseded_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_superseded_file_certificate_id'), ['certificate_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_superseded_file_sha256'), ['sha256'], unique=False)


def downgrade() -> None:
    op.drop_table('superseded_file')
    with op.batch_alter_table('certificate', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_certificate_signed_with'))
        batch_op.drop_column('signed_with')
