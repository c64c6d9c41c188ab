"""Large tables: what pages, purges and workers look for among millions of rows is in an index

Revision: 5d0c8b7e41a9
After: 5b8f0c6ad214
Made: 2026-11-27 05:25:00.000000
"""

from alembic import op

from lms.migrations import indexes
from lms.migrations.indexes import Index


revision = '5d0c8b7e41a9'
down_revision = '5b8f0c6ad214'
branch_labels = None
depends_on = None

INDEXES = (
    Index('ix_agent_ministry_unit_id', 'agent', ('ministry', 'unit_id')),
    Index('ix_agent_family_name_given_name_id', 'agent', ('family_name', 'given_name', 'id')),
    Index('ix_agent_left', 'agent', ('left_at',), 'left_at is not null'),
    Index('ix_attempt_kept', 'attempt', ('submitted_at', 'id'), 'emptied_at is null'),
    Index('ix_certificate_valid_until_id', 'certificate', ('valid_until', 'id')),
    Index('ix_enrolment_enrolled_at_id', 'enrolment', ('enrolled_at', 'id')),
    Index('ix_outbox_job_made', 'outbox_job', ('finished_at', 'id'), "status = 'done'"),
)

#: On PostgreSQL, when a table is cleaned and counted again: at a share of its rows that is not millions of them.
LARGE = ('lesson_progress', 'enrolment', 'attempt', 'answer', 'agent_figure', 'outbox_job', 'audit_entry')
SHARES = ('autovacuum_vacuum_scale_factor', 'autovacuum_vacuum_insert_scale_factor', 'autovacuum_analyze_scale_factor')


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for table in LARGE:
            op.execute(f"alter table {table} set ({', '.join(f'{share} = 0.02' for share in SHARES)})")
    indexes.make(INDEXES)


def downgrade() -> None:
    indexes.drop(INDEXES)
    if op.get_bind().dialect.name == 'postgresql':
        for table in LARGE:
            op.execute(f"alter table {table} reset ({', '.join(SHARES)})")
