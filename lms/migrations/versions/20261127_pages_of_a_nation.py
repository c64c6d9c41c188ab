"""Pages of a nation: what they show first, and what they count, is in an index

Revision: c2a7e0d94b15
After: 5d0c8b7e41a9
Made: 2026-11-27 09:10:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = 'c2a7e0d94b15'
down_revision = '5d0c8b7e41a9'
branch_labels = None
depends_on = None

#: Index → its table, its columns, the rows that are in it (all without a condition).
INDEXES = {
    'ix_certificate_issued_at_number': ('certificate', ['issued_at', 'number'], None),
    'ix_certificate_previous': ('certificate', ['previous_id'], 'previous_id is not null'),
    'ix_agent_corps_here': ('agent', ['corps'], 'left_at is null'),
    'ix_agent_match_decided': ('agent_match', ['state', 'decided_at', 'id'], "state <> 'doubtful'"),
    'ix_agent_match_doubtful': ('agent_match', ['person_id', 'id'], "state = 'doubtful'"),
    'ix_outbox_job_undone': ('outbox_job', ['status', 'created_at', 'id'], "status <> 'done'"),
    'ix_outbox_job_cause': ('outbox_job', ['cause', 'created_at', 'id'], 'cause is not null'),
}


def upgrade() -> None:
    for name, (table, columns, rows) in INDEXES.items():
        where = None if rows is None else sa.text(rows)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, (table, _columns, _rows) in reversed(INDEXES.items()):
        op.drop_index(name, table)
