"""the AI-literacy register: entries through time, signed editions

Revision: 6b0d4f2e9a71
After: 5d0c7be2a914
Made: 2026-11-26 18:10:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = '6b0d4f2e9a71'
down_revision = '5d0c7be2a914'
branch_labels = None
depends_on = None

OPEN = sa.text('until is null')


def upgrade() -> None:
    op.create_table('literacy_register',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('edited_by', sa.Integer(), nullable=True),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['edited_by'], ['person.id'], name=op.f('fk_literacy_register_edited_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_literacy_register_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_literacy_register')),
    sa.UniqueConstraint('unit_id', name=op.f('uq_literacy_register_unit_id'))
    )
    op.create_table('literacy_edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('register_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_by', sa.Integer(), nullable=True),
    sa.Column('edited_by', sa.Integer(), nullable=True),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.CheckConstraint('edited_by is null or signed_by is null or edited_by <> signed_by', name=op.f('ck_literacy_edition_four_eyes')),
    sa.ForeignKeyConstraint(['edited_by'], ['person.id'], name=op.f('fk_literacy_edition_edited_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['register_id'], ['literacy_register.id'], name=op.f('fk_literacy_edition_register_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['signed_by'], ['person.id'], name=op.f('fk_literacy_edition_signed_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_literacy_edition')),
    sa.UniqueConstraint('register_id', 'number', name=op.f('uq_literacy_edition_register_id_number'))
    )
    op.create_table('literacy_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('register_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['register_id'], ['literacy_register.id'], name=op.f('fk_literacy_entry_register_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_literacy_entry'))
    )
    with op.batch_alter_table('literacy_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_literacy_entry_register_id_kind'), ['register_id', 'kind'], unique=False)

    op.create_table('literacy_state',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['ended_by'], ['person.id'], name=op.f('fk_literacy_state_ended_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['entry_id'], ['literacy_entry.id'], name=op.f('fk_literacy_state_entry_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_literacy_state_person_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_literacy_state'))
    )
    with op.batch_alter_table('literacy_state', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_literacy_state_entry_id_since'), ['entry_id', 'since'], unique=False)
        batch_op.create_index('uq_literacy_state_open', ['entry_id'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    with op.batch_alter_table('literacy_state', schema=None) as batch_op:
        batch_op.drop_index('uq_literacy_state_open', sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.drop_index(batch_op.f('ix_literacy_state_entry_id_since'))

    op.drop_table('literacy_state')
    with op.batch_alter_table('literacy_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_literacy_entry_register_id_kind'))

    op.drop_table('literacy_entry')
    op.drop_table('literacy_edition')
    op.drop_table('literacy_register')
