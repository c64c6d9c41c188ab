"""Certificates are found by the words of their holder, in an index

Revision: b3d95e17c604
After: 8e41c07b5d2f
Made: 2026-11-27 15:50:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = 'b3d95e17c604'
down_revision = '8e41c07b5d2f'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('certificate_word',
    sa.Column('word', sa.String(length=120).with_variant(sa.String(length=120, collation='C'), 'postgresql'), nullable=False),
    sa.Column('certificate_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_certificate_word_certificate_id_certificate'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('word', 'certificate_id', name=op.f('pk_certificate_word'))
    )
    op.create_index(op.f('ix_certificate_word_certificate_id'), 'certificate_word', ['certificate_id'])
    op.add_column('certificate', sa.Column('words_kept', sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('certificate') as batch:
        batch.drop_column('words_kept')
    op.drop_table('certificate_word')
