"""How imports are shown: what a file gives once read, what became of its rows, why some are refused."""

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any

from lms import csv_cells
from lms.cells import CellRefused, Problem, Value
from lms.i18n import ZONE, ngettext, number
from lms.i18n import gettext as _
from lms.models import ImportRun
from lms.services.import_columns import Columns
from lms.services.import_fields import KINDS
from lms.services.imports import Result, report_lines
from lms.sheets import Sheet

#: Rows shown as they will be read.
FIRST = 3


def kind_names() -> dict[str, str]:
    """Each kind of import, in words."""
    return {"agents": _("Agents"), "units": _("Units of the organisation")}


def outcome_names() -> dict[str, str]:
    """What becomes of a row, in words."""
    return {
        "created": _("new"), "changed": _("changed"), "unchanged": _("unchanged"), "refused": _("refused"),
        "left": _("left"),
    }  # fmt: skip


def shown(problem: Problem) -> dict[str, Any]:
    """A problem in the reader's words."""
    what, fix = _(problem.what, **problem.values), _(problem.fix, **problem.values)
    return {"sheet": problem.sheet, "line": problem.line, "column": problem.column, "what": what, "fix": fix}


def counts(run: ImportRun) -> list[dict[str, str]]:
    """How many rows became what."""
    given = run.summary
    labels = {**outcome_names(), "units": _("units made")}
    kept = [name for name in labels if given.get(name) or name in {"created", "changed", "unchanged", "refused"}]
    return [{"value": number(given.get(name, 0)), "label": labels[name]} for name in kept]


def sentence(result: Result) -> str:
    """What was found of a file, in a few sentences."""
    if not result.rows:
        return _("The file has no row.")
    told = _(
        "%(rows)s rows: %(created)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused.",
        rows=number(result.rows), created=number(result.created), changed=number(result.changed),
        unchanged=number(result.unchanged), refused=number(result.refused),
    )  # fmt: skip
    more = []
    if result.left:
        more.append(_("Agents absent from the file: %(count)s.", count=number(result.left)))
    if result.later:
        more.append(
            ngettext(
                "One agent leaves on a day to come, and is there until then: take in a file once it has come.",
                "%(num)s agents leave on a day to come, and are there until then: take in a file once it has come.",
                result.later,
            )
        )
    if result.units:
        more.append(_("Units made from their names: %(count)s.", count=number(result.units)))
    if not result.changes and not result.refused:
        more.append(_("Everything is already so."))
    return " ".join([told, *more])


def preview(kind: str, sheet: Sheet, columns: Columns) -> list[dict[str, Any]]:
    """Each column with a heading, and its first cells as they will be read. Raises ``UnreadableFile``."""
    first = list(islice(sheet.rows(), FIRST))
    return [
        {
            "name": f"column_{at}", "heading": heading, "field": columns[at],
            "cells": [_cell(kind, columns[at], cells[at]) for _line, cells in first],
        }
        for at, heading in enumerate(sheet.headings)
        if heading
    ]  # fmt: skip


def report_rows(kind: str, names: Mapping[str, str], content: bytes) -> Iterator[str]:
    """The lines of the report of an import, as CSV for a spreadsheet."""
    fields = {key: field.heading for key, field in KINDS[kind].items()}
    key = next(iter(fields.values()))
    fields |= {"unit_id": fields.get("unit", ""), "parent_id": fields.get("parent", "")}  # as tables call them
    head = [_("Line"), key, _("Outcome"), _("Column"), _("What is wrong"), _("What to do")]
    yield "\ufeff" + _csv(head)
    for line in report_lines(content):
        start = [str(line.line or ""), line.key, names[line.outcome]]
        if line.outcome == "refused":
            for column, what, fix, values in line.details:
                yield _csv([*start, column, _(what, **values), _(fix, **values)])
        else:
            yield _csv([*start, ", ".join(fields.get(name, name) for name in line.details), "", ""])


def _csv(cells: list[str]) -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow([csv_cells.text(cell) for cell in cells])
    return buffer.getvalue()


def _cell(kind: str, field: str | None, cell: Value) -> dict[str, Any]:
    """What a cell gives: its words, or why it is refused."""
    if field is None:
        return {"words": "" if cell is None else str(cell)[:100], "why": None}
    try:
        value = KINDS[kind][field].read(cell)
    except CellRefused as refusal:
        return {"words": "" if cell is None else str(cell)[:100], "why": _(refusal.what, **refusal.values)}
    if isinstance(value, bool):
        return {"words": _("yes") if value else _("no"), "why": None}
    if isinstance(value, datetime):
        return {"words": csv_cells.day(value.astimezone(ZONE).date()), "why": None}
    return {"words": value or "", "why": None}
