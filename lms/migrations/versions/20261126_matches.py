"""who is whom: keys of people and agents, and what matched until now

Revision: 2a4c8e90b7d1
After: 3b7c1d90a5e2
Made: 2026-11-26 18:11:00
"""

import sqlalchemy as sa
from alembic import op


revision = '2a4c8e90b7d1'
down_revision = '3b7c1d90a5e2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agent_key', sa.String(length=255), nullable=True))
    with op.batch_alter_table('agent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('left_out', sa.Boolean(), server_default='0', nullable=False))
        batch_op.create_index(batch_op.f('ix_agent_email'), ['email'], unique=False)
    # Until now the agent of a person was the one whose number the platform gave. Two people of one platform who have
    # the same number wait for somebody to decide.
    op.execute(sa.text("""
        insert into agent_match (person_id, agent_id, state, "by", decided_at)
        select person.id, agent.id,
            case when exists (
                select 1 from person other
                where other.sourced_id = person.sourced_id and other.id <> person.id
                    and coalesce(other.platform_id, 0) = coalesce(person.platform_id, 0)
            ) then 'doubtful' else 'sure' end,
            'sourced_id', current_timestamp
        from person join agent on agent.number = person.sourced_id
        where not exists (select 1 from agent_match known where known.person_id = person.id)
    """))


def downgrade() -> None:
    with op.batch_alter_table('agent', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_email'))
        batch_op.drop_column('left_out')
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_column('agent_key')
