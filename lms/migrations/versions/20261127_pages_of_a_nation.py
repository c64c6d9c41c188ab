"""Pages of a nation: what they show first, and what they count, is in an index

Revision: c2a7e0d94b15
After: 5d0c8b7e41a9
Made: 2026-11-27 09:10:00.000000
"""

from lms.migrations import indexes
from lms.migrations.indexes import Index


revision = 'c2a7e0d94b15'
down_revision = '5d0c8b7e41a9'
branch_labels = None
depends_on = None

INDEXES = (
    Index('ix_certificate_issued_at_number', 'certificate', ('issued_at', 'number')),
    Index('ix_certificate_previous', 'certificate', ('previous_id',), 'previous_id is not null'),
    Index('ix_agent_corps_here', 'agent', ('corps',), 'left_at is null'),
    Index('ix_agent_match_decided', 'agent_match', ('state', 'decided_at', 'id'), "state <> 'doubtful'"),
    Index('ix_agent_match_doubtful', 'agent_match', ('person_id', 'id'), "state = 'doubtful'"),
    Index('ix_outbox_job_undone', 'outbox_job', ('status', 'created_at', 'id'), "status <> 'done'"),
    Index('ix_outbox_job_cause', 'outbox_job', ('cause', 'created_at', 'id'), 'cause is not null'),
)


def upgrade() -> None:
    indexes.make(INDEXES)


def downgrade() -> None:
    indexes.drop(INDEXES)
