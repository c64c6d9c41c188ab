"""What a migration does to a release that still runs beside it, read in its file: nothing of it is run.

The release before serves while the tables become those of the next (docs/deployment.md), and may come back. So a
migration adds: what removes, renames or tightens breaks the one that does not know, unless it comes a release later and
says which migration it finishes: ``contract_of = "<revision>"`` (expand, migrate, contract).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: The last revision of the release before this one, which runs beside it during an upgrade. It moves with releases.
RELEASED = "8e2f51c7d0b4"
FOLDER = Path(__file__).parents[2] / "lms" / "migrations" / "versions"
#: Operations that take away what the release before reads or writes.
REMOVING = {"drop_table": "a table goes", "drop_column": "a column goes", "rename_table": "a table has another name"}
#: Constraints that the release before may not keep, put on tables it writes.
TIGHTENING = {
    "create_unique_constraint": "unique", "create_check_constraint": "checked", "create_foreign_key": "a foreign key",
    "create_primary_key": "another key", "create_exclude_constraint": "exclusive",
}  # fmt: skip
#: All that is judged by the table it is done to.
JUDGED = {*REMOVING, *TIGHTENING, "add_column", "alter_column", "create_index"}
_SQL = re.compile(
    r"\b(drop\s+(table|column)|rename\s+(to|column)|alter\s+column\s+\S+\s+(set\s+not\s+null|type))", re.IGNORECASE
)


@dataclass
class Read:
    """What was read of a migration: revision, what it finishes, what breaks the release beside it, large indexes."""

    revision: str = ""
    contract_of: str | None = None
    breaks: list[str] = field(default_factory=list)
    #: Indexes of tables that were there, made while nobody may write them.
    blocking: list[str] = field(default_factory=list)


def read(path: Path) -> Read:
    """What a migration's file says; ``downgrade`` is not read."""
    return read_text(path.read_text("utf-8"))


def read_text(text: str) -> Read:
    """The same of its text. Raises ``ValueError`` where a table's name is not written out and cannot be judged.

    Indexes of ``lms.migrations.indexes`` are made beside those who write, and are never unique: they need no reading.
    """
    tree, found = ast.parse(text), Read()
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in {"revision", "contract_of"}:
                    setattr(found, target.id, node.value.value)
    body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == "downgrade")]
    calls = sorted((call for node in body for call in _calls(node)), key=lambda call: call.lineno)
    batches = {name: table for node in body for name, table in _batches(node)}
    new: set[str] = set()
    for call in calls:
        if _name(call) in JUDGED and not _is_written_out(call, batches):
            raise ValueError(f"line {call.lineno}: {ast.unparse(call)}: write the table's name out")
        _judge(call, _table(call, batches), new, found)
    return found


def _judge(call: ast.Call, table: str, new: set[str], found: Read) -> None:
    """Judge one operation. ``new`` are the tables and the columns (``table.column``) that this migration has added."""
    name, where = _name(call), f"line {call.lineno}"
    if name == "create_table":
        new.add(table)
    if table in new or _is_about_new_columns(call, table, new):
        return
    if name in REMOVING:
        found.breaks.append(f"{where}: {table}: {REMOVING[name]}")
    elif name in TIGHTENING:
        found.breaks.append(f"{where}: {table} is made {TIGHTENING[name]}")
    elif name == "add_column":
        new.add(f"{table}.{_column(call)}")
        if not _may_be_left_out(call):
            found.breaks.append(f"{where}: {table}: a column that must be given")
    elif name == "alter_column":
        found.breaks += [f"{where}: {table}: {what}" for what in _alterations(call)]
    elif name == "execute" and call.args and (said := _SQL.search(_text(call.args[0]))):
        found.breaks.append(f"{where}: {said[0]}")
    elif name == "create_index":
        if _given(call, "unique") is True:
            found.breaks.append(f"{where}: {table} is made unique")
        if _given(call, "postgresql_concurrently") is not True:
            found.blocking.append(f"{table}: {_text(call.args[0])}")


def _alterations(call: ast.Call) -> Iterator[str]:
    if any(word.arg == "new_column_name" for word in call.keywords):
        yield "a column has another name"
    if any(word.arg == "type_" for word in call.keywords):
        yield "a column has another type"
    if _given(call, "nullable") is False:
        yield "a column must be given from now on"
    if any(word.arg == "server_default" and isinstance(word.value, ast.Constant) and word.value.value is None
           for word in call.keywords):  # fmt: skip
        yield "a column has no default any more"


def _is_about_new_columns(call: ast.Call, table: str, new: set[str]) -> bool:
    """Whether a constraint is on columns that the release before leaves empty."""
    if _name(call) not in {*TIGHTENING, "create_index"}:
        return False
    mine = {name.partition(".")[2] for name in new if name.startswith(f"{table}.")}
    said = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    words = {word for text in said for word in re.findall(r"[a-z_]+", text)}
    return bool(mine & words)


def _column(call: ast.Call) -> str:
    column = next((each for each in ast.walk(call) if isinstance(each, ast.Call) and _name(each) == "Column"), None)
    return _text(column.args[0]) if column is not None and column.args else "?"


def _may_be_left_out(call: ast.Call) -> bool:
    """Whether a row can be written by whoever does not know the column."""
    column = next((each for each in ast.walk(call) if isinstance(each, ast.Call) and _name(each) == "Column"), None)
    if column is None:
        return False
    default = any(word.arg == "server_default" for word in column.keywords)
    return default or _given(column, "nullable") is not False


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute))


def _batches(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, table) of each ``with op.batch_alter_table(table) as name``; a name that two tables bear is both."""
    for each in ast.walk(node):
        for item in each.items if isinstance(each, ast.With) else ():
            call = item.context_expr
            if isinstance(call, ast.Call) and _name(call) == "batch_alter_table":
                for inner in ast.walk(each):
                    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                        yield f"{inner.lineno}:{inner.col_offset}", _text(call.args[0])


def _table(call: ast.Call, batches: dict[str, str]) -> str:
    batch = batches.get(f"{call.lineno}:{call.col_offset}")
    if batch is not None and not (isinstance(call.func, ast.Attribute) and _text(call.func.value) == "op"):
        return batch
    named = _argument(call)
    return "?" if named is None else _text(named)


def _argument(call: ast.Call) -> ast.expr | None:
    """The argument that names the table of an operation out of a batch."""
    place = 1 if _name(call) in {*TIGHTENING, "create_index"} else 0
    return call.args[place] if len(call.args) > place else None


def _is_written_out(call: ast.Call, batches: dict[str, str]) -> bool:
    return f"{call.lineno}:{call.col_offset}" in batches or isinstance(_argument(call), ast.Constant)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _given(call: ast.Call, name: str) -> object:
    value = next((word.value for word in call.keywords if word.arg == name), None)
    return value.value if isinstance(value, ast.Constant) else value


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and node.args:  # op.f('…'), sa.text('…')
        return _text(node.args[0])
    return ast.unparse(node)
