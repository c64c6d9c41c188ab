"""From a row of a budget file to a year of a line: every refusal says where, why and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from lms import cells
from lms.cells import N_, CellRefused, Problem, UnreadableFile, Value, plain
from lms.services.budgets import AMOUNTS, MOST, YEARS, line_code
from lms.sheets import Sheet, open_sheet

#: Field → names its column may have, without accents, case or punctuation; the first one is the French one.
HEADINGS: dict[str, tuple[str, ...]] = {
    "year": ("exercice", "exercice budgetaire", "annee", "fiscal year", "year"),
    "programme": ("programme", "programme budgetaire", "prog"),
    "bop": ("bop", "budget operationnel de programme"),
    "uo": ("uo", "unite operationnelle"),
    "label": ("libelle", "intitule", "designation", "label"),
    "unit": ("code unite", "code de l unite", "unite", "code service", "unit code", "unit"),
    "ae_opened": ("ae ouvertes", "ae ouverte", "ouvertes", "autorisations d engagement ouvertes", "ae opened"),
    "ae_committed": ("ae engagees", "ae engagee", "engagees", "autorisations d engagement engagees", "ae consommees",
                     "ae committed"),
    "cp_opened": ("cp ouverts", "cp ouvert", "ouverts", "credits de paiement ouverts", "cp opened"),
    "cp_paid": ("cp payes", "cp paye", "payes", "credits de paiement payes", "cp consommes", "cp paid"),
    "ai_ae": ("part ia ae", "part ia en ae", "ia ae", "ae ia", "dont ia ae", "ae dont ia", "ai ae"),
    "ai_cp": ("part ia cp", "part ia en cp", "ia cp", "cp ia", "dont ia cp", "cp dont ia", "ai cp"),
}  # fmt: skip
#: How the columns are called when a message or a page names one.
FRENCH = {
    "year": "exercice", "programme": "programme", "bop": "BOP", "uo": "UO", "label": "libellé", "unit": "code unité",
    "ae_opened": "AE ouvertes", "ae_committed": "AE engagées", "cp_opened": "CP ouverts", "cp_paid": "CP payés",
    "ai_ae": "part IA (AE)", "ai_cp": "part IA (CP)",
}  # fmt: skip
NAMES = ("programme", "bop", "uo")
LENGTHS = {"programme": 60, "bop": 60, "uo": 60, "label": 300, "unit": 200}
#: A budget has thousands of lines; more than this is another file.
MAX_ROWS = 100_000

_FIELDS = {name: field for field, names in HEADINGS.items() for name in names}


@dataclass(frozen=True)
class BudgetFile:
    """A sheet as recognised: ``fields`` gives, for each column, what it says, or None."""

    sheet: Sheet
    fields: tuple[str | None, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that mean nothing here."""
        pairs = zip(self.sheet.headings, self.fields, strict=True)
        return tuple(heading for heading, field in pairs if field is None and heading)

    def problem(self, line: int, field: str, refusal: CellRefused) -> Problem:
        """Why the cell of that field is refused; without field, the row."""
        heading = self.sheet.headings[self.fields.index(field)] if field in self.fields else ""
        return Problem(line, heading, refusal.what, refusal.fix, refusal.values, self.sheet.name)


@dataclass(frozen=True)
class BudgetRow:
    """A row that can be compared with what is known: its cells by field, those of absent columns lacking."""

    line: int
    values: dict[str, Any]

    @property
    def code(self) -> str:
        """The code of its budget line."""
        return line_code(*(self.values.get(name, "") for name in NAMES))

    @property
    def year(self) -> int:
        """Its fiscal year."""
        return int(self.values["year"])


def recognise(stream: BinaryIO, sheet: str | None = None) -> BudgetFile:
    """The sheet that has most of our headings, or the one named. Raises ``UnreadableFile``."""
    found = open_sheet(stream, lambda heading: field_of(heading) is not None, sheet=sheet)
    fields = tuple(field_of(heading) for heading in found.headings)
    twice = sorted({name for name in fields if name is not None and fields.count(name) > 1})
    if twice:
        raise UnreadableFile(
            N_("Two columns are read as the same one: %(names)s."),
            N_("Keep one column for each and export again."),
            found.header_line,
            names=", ".join(FRENCH[name] for name in twice),
        )
    missing = [] if "year" in fields else [FRENCH["year"]]
    missing += [FRENCH[group[0]] for group in (NAMES, AMOUNTS) if not set(group) & set(fields)]
    if missing:
        raise UnreadableFile(
            N_("Columns are missing: %(names)s."),
            N_("Put these headings on one line; the order of the columns is free."),
            found.header_line,
            names=", ".join(missing),
        )
    return BudgetFile(found, fields)


def field_of(heading: str) -> str | None:
    """What a column of that heading says."""
    return _FIELDS.get(plain(heading))


def read_rows(file: BudgetFile) -> Iterator[BudgetRow | list[Problem]]:
    """Each row, or the problems that refuse it. Raises ``UnreadableFile``."""
    first_seen = dict[tuple[str, int], int]()
    for number, (line, row) in enumerate(file.sheet.rows()):
        if number >= MAX_ROWS:
            raise UnreadableFile(
                N_("The file has more than %(limit)s rows."), N_("Cut it in several files."), line, limit=MAX_ROWS
            )
        read = _read(file, line, row)
        if isinstance(read, BudgetRow):
            before = first_seen.setdefault((read.code, read.year), line)
            if before != line:
                refusal = CellRefused(
                    N_("The line %(code)s is already there for %(year)s, on line %(before)s of the file."),
                    N_("Keep one row for each budget line and year."),
                    code=read.code, year=read.year, before=before,
                )  # fmt: skip
                read = [file.problem(line, "year", refusal)]
        yield read


def _read(file: BudgetFile, line: int, row: list[Value]) -> BudgetRow | list[Problem]:
    if len(row) > len(file.fields):
        refusal = CellRefused(
            N_("The row has %(count)s cells and the header %(width)s."),
            N_("Check the delimiters and the quotation marks of this line."),
            count=len(row),
            width=len(file.fields),
        )
        return [file.problem(line, "", refusal)]
    values, problems = dict[str, Any](), list[Problem]()
    for field, cell in zip(file.fields, row, strict=True):
        if field is None:
            continue
        try:
            values[field] = CHECKS.get(field, _amount)(field, cell)
        except CellRefused as refusal:
            problems.append(file.problem(line, field, refusal))
    if not problems and not line_code(*(values.get(name, "") for name in NAMES)):
        nameless = CellRefused(
            N_("The row names no budget line."), N_("Write its programme, its BOP or its UO; remove lines of totals.")
        )
        problems.append(file.problem(line, next(name for name in NAMES if name in file.fields), nameless))
    return problems or BudgetRow(line, values)


def _year(_field: str, cell: Value) -> int:
    words = cells.text(cell)
    if not (words.isascii() and words.isdigit() and len(words) == 4 and int(words) in YEARS):
        raise CellRefused(
            N_("« %(value)s » is not a fiscal year."),
            N_("Write a year, as in 2027; remove lines of totals."),
            value=words[:50],
        )
    return int(words)


def _text(field: str, cell: Value) -> str:
    words = cells.text(cell) if field == "label" else cells.identifier(cell)
    if len(words) > LENGTHS[field]:
        raise CellRefused(
            N_("The cell has %(count)s characters; %(limit)s are kept at most."),
            N_("Shorten it."),
            count=len(words),
            limit=LENGTHS[field],
        )
    return words


def _part(field: str, cell: Value) -> str:
    words = _text(field, cell)
    if "/" in words:
        raise CellRefused(
            N_("« %(value)s » holds a slash, which separates programme, BOP and UO."),
            N_("Write each of them in its own column, without slash."),
            value=words[:50],
        )
    return words


def _amount(_field: str, cell: Value) -> int:
    """Cents; an empty cell is nothing."""
    found = cells.cents(cell) or 0
    if found < 0:
        raise CellRefused(
            N_("An amount of the budget cannot be negative."),
            N_("Write what is opened, committed or paid, withdrawals taken off."),
        )
    if found > MOST:
        raise CellRefused(N_("This amount is too large for a line."), N_("Write it in euros, as in 1234,56."))
    return found


CHECKS: dict[str, Callable[[str, Value], Any]] = {
    "year": _year, "programme": _part, "bop": _part, "uo": _part, "label": _text, "unit": _text,
}  # fmt: skip
