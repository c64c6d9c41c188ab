"""files of HR waiting to be taken in; states, and units by their names, of the agents already there

Revision: 3b7c1d90a5e2
After: f7e1da948e2c
Made: 2026-11-26 18:24:00
"""

import hashlib
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op


revision = '3b7c1d90a5e2'
down_revision = 'f7e1da948e2c'
branch_labels = None
depends_on = None

BATCH = 1000
TOPS = {"FPE": "ministry", "FPT": "authority", "FPH": "hospital"}
LEVELS = ("ministry", "directorate", "service")

agent = sa.table(
    "agent", sa.column("id", sa.Integer), sa.column("branch"), sa.column("ministry"), sa.column("directorate"),
    sa.column("service"), sa.column("category"), sa.column("corps"), sa.column("population", sa.Boolean),
    sa.column("unit_id", sa.Integer), sa.column("updated_at", sa.DateTime(timezone=True)),
)
unit = sa.table(
    "unit", sa.column("id", sa.Integer), sa.column("code"), sa.column("parent_id", sa.Integer), sa.column("path"),
    sa.column("kind"), sa.column("name"),
)
unit_state = sa.table(
    "unit_state", sa.column("unit_id", sa.Integer), sa.column("since", sa.DateTime(timezone=True)),
    sa.column("parent_id", sa.Integer), sa.column("kind"), sa.column("name"),
)
agent_state = sa.table(
    "agent_state", sa.column("agent_id", sa.Integer), sa.column("since", sa.DateTime(timezone=True)),
    sa.column("unit_id", sa.Integer), sa.column("branch"), sa.column("category"), sa.column("corps"),
    sa.column("population", sa.Boolean),
)


def upgrade() -> None:
    op.create_table('import_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('sheet', sa.String(length=200), nullable=False),
    sa.Column('source', sa.String(length=100), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('report', sa.LargeBinary(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_import_file_person_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_file_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_file'))
    )
    with op.batch_alter_table('import_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_file_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_file_run_id'), ['run_id'], unique=False)
    _place_agents(op.get_bind())


def downgrade() -> None:
    # States and units stay: the tables go with the migration before.
    op.drop_table('import_file')


def _place_agents(connection: sa.Connection) -> None:
    """Open a state for each agent that has none, in a unit made of the names of where they are."""
    known: dict[tuple[str, ...], int | None] = {}
    without = ~sa.exists().where(agent_state.c.agent_id == agent.c.id)
    last = 0
    while True:
        query = sa.select(agent).where(without, agent.c.id > last).order_by(agent.c.id).limit(BATCH)
        rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        states = []
        for row in rows:
            way = (row.branch, row.ministry, row.directorate, row.service)
            if row.unit_id is None and any(way[1:]):
                if way not in known:
                    known[way] = _unit(connection, way)
                connection.execute(sa.update(agent).where(agent.c.id == row.id).values(unit_id=known[way]))
            states.append({
                "agent_id": row.id, "since": row.updated_at, "unit_id": row.unit_id or known.get(way),
                "branch": row.branch, "category": row.category, "corps": row.corps, "population": row.population,
            })
        connection.execute(sa.insert(agent_state), states)


def _unit(connection: sa.Connection, way: tuple[str, ...]) -> int | None:
    """The unit that names lead to, one a level, made if need be."""
    branch, *names = way
    parent, path, code = None, "", ""
    for level, name in zip(LEVELS, names):
        if not name:
            continue
        code = f"{code}/{name}" if code else name
        short = code if len(code) <= 200 else f"{code[:150]} {hashlib.sha256(code.encode()).hexdigest()[:12]}"
        found = connection.execute(
            sa.select(unit.c.id, unit.c.path).where(unit.c.name == name, _is(unit.c.parent_id, parent))
        ).first()
        if found is None:
            while connection.scalar(sa.select(unit.c.id).where(unit.c.code == short)) is not None:
                short = f"{short[:198]} +"[:200]
            kind = TOPS[branch] if level == "ministry" else level
            made = connection.execute(
                sa.insert(unit).values(code=short, parent_id=parent, path="", kind=kind, name=name).returning(unit.c.id)
            ).scalar_one()
            connection.execute(sa.update(unit).where(unit.c.id == made).values(path=f"{path}{made}."))
            connection.execute(sa.insert(unit_state).values(
                unit_id=made, since=datetime.now(timezone.utc), parent_id=parent, kind=kind, name=name
            ))
            found = (made, f"{path}{made}.")
        parent, path = found[0], found[1]
    return parent


def _is(column: sa.ColumnClause, value: int | None) -> sa.ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
