"""From a row of a file to an agent: every cell is checked, and every refusal says where and what to do."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lms.cells import N_, Problem, plain
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services.agent_files import AgentFile, raw_rows

#: Longest texts, as the table holds them.
LENGTHS = {
    "number": 100, "family_name": 200, "given_name": 200, "email": 320, "ministry": 300, "directorate": 300,
    "service": 300, "corps": 200,
}  # fmt: skip
BRANCH_NAMES = {
    **{plain(branch): branch for branch in BRANCHES},
    "etat": "FPE",
    "fonction publique de l etat": "FPE",
    "territoriale": "FPT",
    "fonction publique territoriale": "FPT",
    "hospitaliere": "FPH",
    "fonction publique hospitaliere": "FPH",
}
CATEGORY_NAMES = {
    **{plain(category): category for category in CATEGORIES},
    **{f"categorie {letter}": letter.upper() for letter in "abc"},
    "contractuelle": "contractuel",
    "": "non renseigné",
}
#: Characters that turn the direction of writing: a name could then read as another.
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Refused(Exception):
    def __init__(self, what: str, fix: str, **values: object) -> None:
        super().__init__(what)
        self.what, self.fix, self.values = what, fix, values


@dataclass(frozen=True)
class AgentRow:
    """A row that can be kept: the fields its file has, and their checked values."""

    line: int
    values: dict[str, str | None]

    @property
    def number(self) -> str:
        return str(self.values["number"])


def read_rows(stream: BinaryIO, file: AgentFile) -> Iterator[AgentRow | list[Problem]]:
    """Each row as an agent, or the problems that refuse it. Raises ``UnreadableFile``."""
    first_seen: dict[str, int] = {}
    for line, cells in raw_rows(stream, file):
        row = _read(line, cells, file)
        if isinstance(row, AgentRow):
            before = first_seen.setdefault(row.number, line)
            if before != line:
                row = [
                    Problem(
                        line,
                        _heading(file, "number"),
                        N_("The agent %(number)s is already on line %(before)s."),
                        N_("Keep one line for each agent."),
                        {"number": row.number, "before": before},
                    )
                ]
        yield row


def _read(line: int, cells: list[str], file: AgentFile) -> AgentRow | list[Problem]:
    width = len(file.fields)
    if len(cells) < width or any(cell.strip() for cell in cells[width:]):
        return [
            Problem(
                line,
                "",
                N_("The row has %(count)s cells and the header %(width)s."),
                N_("Check the delimiters and the quotation marks of this line."),
                {"count": len(cells), "width": width},
            )
        ]
    values: dict[str, str | None] = {}
    problems = []
    for field, heading, cell in zip(file.fields, file.headings, cells, strict=False):
        if field is None:
            continue
        try:
            values[field] = CHECKS[field](field, _clean(cell))
        except _Refused as refusal:
            problems.append(Problem(line, heading.strip(), refusal.what, refusal.fix, refusal.values))
    return problems or AgentRow(line, values)


def _clean(cell: str) -> str:
    text = cell.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace("\u00a0", " ").replace("\u202f", " ")).strip()
    if CONTROLS.search(text) or not BIDI.isdisjoint(text):
        raise _Refused(
            N_("The cell holds invisible characters: a line break, a tab, or signs that turn the writing."),
            N_("Type the cell again in your spreadsheet."),
        )
    return text


def _text(field: str, text: str) -> str:
    if len(text) > LENGTHS[field]:
        raise _Refused(
            N_("The cell has %(count)s characters; %(limit)s are kept at most."),
            N_("Shorten it."),
            count=len(text),
            limit=LENGTHS[field],
        )
    return text


def _required(field: str, text: str) -> str:
    if not text:
        raise _Refused(N_("The cell is empty."), N_("Every agent needs this information."))
    return _text(field, text)


def _number(field: str, text: str) -> str:
    _refuse_spreadsheet_number(text)
    return _required(field, text)


def _branch(_field: str, text: str) -> str:
    branch = BRANCH_NAMES.get(plain(text))
    if branch is None:
        raise _Refused(
            N_("« %(value)s » is not a branch of the civil service."),
            N_("Write FPE, FPT or FPH."),
            value=text[:50],
        )
    return branch


def _category(_field: str, text: str) -> str:
    category = CATEGORY_NAMES.get(plain(text))
    if category is None:
        raise _Refused(
            N_("« %(value)s » is not a grade."),
            N_("Write A, B, C, contractuel or non renseigné."),
            value=text[:50],
        )
    return category


def _siret(_field: str, text: str) -> str | None:
    if not text:
        return None
    _refuse_spreadsheet_number(text)
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        raise _Refused(
            N_("« %(value)s » is not a SIRET: it has something else than digits."),
            N_("Write the 14 digits, or leave the cell empty."),
            value=text[:50],
        )
    if len(digits) != 14:
        raise _Refused(
            N_("A SIRET has 14 digits and this one %(count)s; a spreadsheet removes the zeros it begins with."),
            N_("Set the column to the format Text, enter the SIRET again, and export."),
            count=len(digits),
        )
    return digits


def _email(_field: str, text: str) -> str | None:
    if not text:
        return None
    if not EMAIL.fullmatch(text) or len(text) > LENGTHS["email"]:
        raise _Refused(
            N_("« %(value)s » is not an e-mail address."),
            N_("Correct it, or leave the cell empty."),
            value=text[:50],
        )
    return text.lower()


def _refuse_spreadsheet_number(text: str) -> None:
    if SCIENTIFIC.fullmatch(text):
        raise _Refused(
            N_("« %(value)s »: a spreadsheet turned this cell into a number and lost its last digits."),
            N_("Set the column to the format Text, enter the value again, and export."),
            value=text[:50],
        )


def _heading(file: AgentFile, field: str) -> str:
    return file.headings[file.fields.index(field)].strip()


CHECKS: dict[str, Callable[[str, str], str | None]] = {
    "number": _number, "family_name": _required, "given_name": _required, "branch": _branch, "ministry": _text,
    "directorate": _text, "service": _text, "siret": _siret, "category": _category, "corps": _text, "email": _email,
}  # fmt: skip
