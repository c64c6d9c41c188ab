"""Certificates whose words an earlier release did not keep are in an index

Revision: f60a2c8e9d31
After: b3d95e17c604
Made: 2026-11-27 15:55:00.000000
"""

from lms.migrations import indexes
from lms.migrations.indexes import Index


revision = 'f60a2c8e9d31'
down_revision = 'b3d95e17c604'
branch_labels = None
depends_on = None

INDEXES = (Index('ix_certificate_wordless', 'certificate', ('id',), 'words_kept is null'),)


def upgrade() -> None:
    indexes.make(INDEXES)


def downgrade() -> None:
    indexes.drop(INDEXES)
