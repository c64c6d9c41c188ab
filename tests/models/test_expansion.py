"""Migrations only add, for the release before runs beside them: each is read, and what breaks it is refused."""

import pytest
from alembic.script import ScriptDirectory

from lms.migrations.head import alembic_config
from tests.models.expansion import FOLDER, RELEASED, read, read_text

#: Migrations that came before the rule, up to the head of that day: they are left as they are, and none is added here.
BEFORE = {
    "3259ac3c57ca", "73fb5c77301f", "8a208e84df51", "e4d1b8bf6145", "1d7f23876a0e", "1ea4b8b51f73", "8a55579d6e3b",
    "ec181bb0fd40", "a117831801f5", "2101bc2e32eb", "7c673e2664b4", "5d0c7e1fb3a2", "f7e1da948e2c", "3b7c1d90a5e2",
    "2a4c8e90b7d1", "5d0c7be2a914", "6b0d4f2e9a71", "3120227be084", "3d5b9c07a1e8", "d1d3f1633a94", "8e2f51c7d0b4",
    "4c1e9a7b5d20", "d437323ba724", "9c41e7d2b6f3", "7090b1c8019f",
}  # fmt: skip
#: Of those, the ones that broke the release beside them, when there was none in service.
BROKE = {"1d7f23876a0e"}
#: Tables of millions of rows: making an index there the plain way keeps everybody from writing for minutes.
LARGE = {
    "answer", "attempt", "audit_entry", "audit_link", "certificate", "certificate_file", "enrolment", "grading",
    "lesson_progress", "membership", "outbox_job", "participation", "person", "agent", "agent_state",
}  # fmt: skip
#: Indexes made there all the same: « table: name » → why nobody waits, or how long.
LISTED: dict[str, str] = {}
MIGRATIONS = {found.revision: found for found in map(read, sorted(FOLDER.glob("*.py")))}
CHAIN = [each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()]


def test_every_migration_is_read() -> None:
    assert set(MIGRATIONS) == set(CHAIN)
    assert set(CHAIN) >= BEFORE
    assert RELEASED in CHAIN
    assert {name for name in BEFORE if MIGRATIONS[name].breaks} == BROKE


@pytest.mark.parametrize("revision", [name for name in reversed(CHAIN) if name not in BEFORE] or [None])
def test_none_breaks_the_release_beside_it(revision: str | None) -> None:
    if revision is None:  # none came since the rule
        return
    found = MIGRATIONS[revision]
    if found.contract_of is None:
        assert found.breaks == [], "add, migrate, and take away a release later (CONTRIBUTING.md, Migrations)"
        return
    released = CHAIN[CHAIN.index(RELEASED) :]
    assert found.contract_of in released, f"{found.contract_of} is of no release that was made"


def test_no_index_of_a_large_table_keeps_everybody_waiting() -> None:
    found = {each for name, read_ in MIGRATIONS.items() if name not in BEFORE for each in read_.blocking}
    assert {each for each in found if each.partition(":")[0] in LARGE} == set(LISTED)


WITHIN = "def upgrade():\n    with op.batch_alter_table('person') as batch:\n        batch."


@pytest.mark.parametrize(
    "operation",
    [
        "op.drop_table('person')", "op.drop_column('person', 'email')", "op.rename_table('person', 'human')",
        "op.alter_column('person', 'email', new_column_name='mail')",
        "op.alter_column('person', 'email', type_=sa.Text())",
        "op.alter_column('person', 'email', nullable=False)", "op.alter_column('person', 'email', server_default=None)",
        "op.add_column('person', sa.Column('age', sa.Integer(), nullable=False))",
        "op.create_unique_constraint('one', 'person', ['email'])",
        "op.create_check_constraint('ok', 'person', 'id > 0')",
        "op.create_foreign_key('to', 'person', 'agent', ['agent_id'], ['id'])",
        "op.create_index('one', 'person', ['email'], unique=True)",
        "op.execute('alter table person drop column email')", "op.execute(sa.text('drop table person'))",
        "op.execute('alter table person rename to human')",
        "op.execute('alter table person alter column email set not null')",
    ],
)  # fmt: skip
def test_what_breaks_it_is_seen(operation: str) -> None:
    assert read_text(f"def upgrade():\n    {operation}\n").breaks
    assert read_text(f"def help():\n    {operation}\n").breaks, "in whatever function of the file"
    assert not read_text(f"def downgrade():\n    {operation}\n").breaks


@pytest.mark.parametrize("operation", ["drop_column('email')", "alter_column('email', nullable=False)"])
def test_it_is_seen_within_a_batch(operation: str) -> None:
    (said,) = read_text(WITHIN + operation + "\n").breaks
    assert "person" in said


@pytest.mark.parametrize(
    "body",
    [
        "op.create_table('pet', sa.Column('id', sa.Integer(), nullable=False))\n"
        "    op.create_index('x', 'pet', ['id'], unique=True)",
        "op.add_column('person', sa.Column('age', sa.Integer(), nullable=True))",
        "op.add_column('person', sa.Column('age', sa.Integer()))",
        "op.add_column('person', sa.Column('age', sa.Integer(), nullable=False, server_default='0'))",
        "op.add_column('person', sa.Column('age', sa.Integer()))\n"
        "    op.create_check_constraint('ok', 'person', 'age > 0')",
        "op.alter_column('person', 'email', nullable=True)", "op.drop_index('ix_person_email')",
        "op.execute('update person set email = null')",
    ],
)  # fmt: skip
def test_what_adds_is_left_alone(body: str) -> None:
    assert read_text(f"def upgrade():\n    {body}\n").breaks == []


def test_indexes_made_while_nobody_may_write_are_listed() -> None:
    plain = "def upgrade():\n    op.create_index('ix_mail', 'person', ['email'])\n"
    assert read_text(plain).blocking == ["person: ix_mail"]
    beside = plain.replace("['email']", "['email'], postgresql_concurrently=True")
    assert read_text(beside).blocking == []
    assert read_text('contract_of = "8e2f51c7d0b4"\n').contract_of == "8e2f51c7d0b4"


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 3: .* write the table's name out"):
        read_text("def upgrade():\n    for table in ALL:\n        op.create_index('ix_mail', table, ['email'])\n")
