"""Typed reading of TOML tables: each refusal names the file, the line and the fix."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import tomli

from curricula.model import LANGUAGES, Localized
from curricula.problems import N_, CurriculumError, Place, Problem

KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: What to do about a field of another form than it should have.
WRITE = N_("Write %(name)s = %(example)s.")
ISO_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
#: A part of a name that others follow, and where a name may begin.
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_BEGINS = r"(?:^|[{\[,])[ \t]*+"
#: A name of more parts than any has: each part takes a thousand bytes of memory, and again for each that follows it.
_PARTS = 8
_LONG_NAME = re.compile(f"{_BEGINS}(?:{_PART}){{{_PARTS}}}", re.MULTILINE)
#: Tables that a text may have, each part of a name counted as one: more than any bank has, and some 100 MB to read.
_MOST_TABLES = 100_000
_HEADER = re.compile(r"^[ \t]*+\[", re.MULTILINE)
_DOTTED = re.compile(f"{_BEGINS}((?:{_PART})++)", re.MULTILINE)


@dataclass
class Fields:
    """A table being read. Problems gather in ``problems``; reading goes on with an empty value."""

    place: Place
    table: Mapping[str, Any]
    problems: list[Problem]
    line: int = 1
    known: set[str] = field(default_factory=set)

    def refuse(self, name: str, what: str, fix: str, /, **values: object) -> None:
        """Note a problem at the line of the field, or of the table that lacks it; messages may say its ``name``."""
        pattern = rf"^\s*\"?{re.escape(name)}\"?\s*[.=]|^\s*\[+{re.escape(name)}\b"
        line = self.place.line_of(pattern, self.line - self.place.offset) if name in self.table else self.line
        self.problems.append(self.place.problem(line, what, fix, name=name, **values))

    def _get(self, name: str, kind: type, example: str, *, required: bool = True, fix: str = WRITE) -> Any:
        self.known.add(name)
        value = self.table.get(name)
        if value is None:
            if required:
                self.refuse(name, N_("« %(name)s » is missing."), N_("Add %(name)s = %(example)s."), example=example)
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.refuse(name, N_("« %(name)s » is not of the right form."), fix, example=example)
            return None
        return value

    def text(self, name: str, example: str = '"…"') -> str:
        """A non-empty string, or ``""`` with a problem noted."""
        value = self._get(name, str, example)
        if value is not None and not value.strip():
            self.refuse(name, N_("« %(name)s » is empty."), WRITE, example=example)
        return (value or "").strip()

    def optional_text(self, name: str) -> str | None:
        """A string when there is one."""
        value = self._get(name, str, '"…"', required=False)
        return value.strip() if value else None

    def key(self, name: str = "key") -> str:
        """A key: lower-case ASCII letters, digits and hyphens."""
        value = self.text(name, '"a-key"')
        if value and not KEY.fullmatch(value):
            what, fix = N_("« %(value)s » is not a key."), N_("Use lower-case letters, digits and hyphens.")
            self.refuse(name, what, fix, value=value)
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words, or a problem noted."""
        value = self.text(name, f'"{allowed[0]}"')
        if value and value not in allowed:
            what, fix = N_("« %(value)s » is not known here."), N_("Use one of: %(known)s.")
            self.refuse(name, what, fix, value=value, known=", ".join(allowed))
        return value

    def number(self, name: str, low: int, high: int) -> int:
        """A whole number between the bounds, both included."""
        value = self._get(name, int, str(low))
        if value is not None and not low <= value <= high:
            what, fix = N_("« %(name)s » is %(value)s."), N_("Give a whole number from %(low)s to %(high)s.")
            self.refuse(name, what, fix, value=value, low=low, high=high)
            return low
        return low if value is None else int(value)

    def number_or(self, name: str, usual: int, low: int, high: int) -> int:
        """A whole number between the bounds when there is one, else the usual one."""
        return self.number(name, low, high) if name in self.table else usual

    def flag(self, name: str) -> bool:
        """A true or false that is false when absent."""
        return bool(self._get(name, bool, "true", required=False))

    def day(self, name: str) -> date | None:
        """A TOML local date when there is one."""
        value = self._get(name, date, "2026-01-31", required=False)
        if isinstance(value, datetime):  # a date with a time of day is a date too, for Python
            self.refuse(name, N_("« %(name)s » is not of the right form."), WRITE, example="2026-01-31")
            return None
        return value if isinstance(value, date) else None

    def dated(self, name: str, *, required: bool = True) -> str | None:
        """An ISO year, month or day as text."""
        value: str | None = self._get(name, str, '"2026-11"', required=required)
        if value is not None and not ISO_DATE.fullmatch(value):
            what, fix = N_("« %(value)s » is not a date."), N_('Write "2026", "2026-11" or "2026-11-20".')
            self.refuse(name, what, fix, value=value)
        return value

    def texts(self, name: str, *, required: bool = True) -> Localized:
        """A text in each language."""
        value = self._get(name, dict, '{ fr = "…", en = "…" }', required=required)
        if value is None:
            return dict.fromkeys(LANGUAGES, "")
        for language in LANGUAGES:
            if not isinstance(value.get(language), str) or not value[language].strip():
                what, fix = N_("« %(name)s » has no text in %(language)s."), N_('Add %(language)s = "…".')
                self.refuse(name, what, fix, language=language)
        for language in sorted(set(value) - set(LANGUAGES)):
            what, fix = N_("« %(name)s » has a text in « %(language)s »."), N_("Keep to: %(known)s.")
            self.refuse(name, what, fix, language=language, known=", ".join(LANGUAGES))
        return {language: str(value.get(language, "")).strip() for language in LANGUAGES}

    def words(self, name: str) -> tuple[str, ...]:
        """A list of strings; empty when absent."""
        return self._list(name, str, '["…"]')

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers; empty when absent."""
        return self._list(name, int, "[1]")

    def _list(self, name: str, kind: type, example: str) -> tuple[Any, ...]:
        value = self._get(name, list, example, required=False) or []
        if not all(isinstance(item, kind) and not isinstance(item, bool) for item in value):
            self.refuse(name, N_("« %(name)s » holds something else."), WRITE, example=example)
            return ()
        return tuple(value)

    def table_of(self, name: str) -> "Fields | None":
        """A sub-table when there is one."""
        value = self._get(name, dict, "", required=False, fix=N_("Write %(name)s = a table."))
        if value is None:
            return None
        line = self.place.line_of(rf"^\s*(?:\[{name}\]|{name}\s*=)", self.line - self.place.offset)
        return Fields(self.place, value, self.problems, line)

    def tables(self, name: str, header: str | None = None) -> Iterator["Fields"]:
        """Each table of an array of tables, with the line of its ``[[header]]``."""
        value = self._get(name, list, "", required=False, fix=N_("Write %(name)s = tables.")) or []
        header = header or name
        pattern, line = rf"^\s*\[\[{re.escape(header)}\]\]", self.line - self.place.offset - 1
        for item in value:
            line = self.place.line_of(pattern, line + 1) - self.place.offset
            if isinstance(item, dict):
                yield Fields(self.place, item, self.problems, line + self.place.offset)
            else:
                what, fix = N_("« %(name)s » holds something else."), N_("Write [[%(header)s]] tables.")
                self.refuse(name, what, fix, header=header)

    def end(self) -> None:
        """Refuse the fields nobody read: a misspelt name must not pass in silence."""
        for name in sorted(set(self.table) - self.known):
            self.refuse(name, N_("« %(name)s » is not a field of this table."), N_("Correct its name or remove it."))


def parse(place: Place, problems: list[Problem]) -> Fields:
    """The fields of a TOML text; raises ``CurriculumError`` where it is not TOML at all, or takes too much to read."""
    if long := _long_name(place.text):
        line = place.text.count("\n", 0, long.start()) + 1 + place.offset
        what, fix = N_("A name has too many parts."), N_("Write a name without a dot, or with one or two.")
        raise CurriculumError([place.problem(line, what, fix)])
    if _has_too_many_tables(place.text):
        what, fix = N_("This file has more than %(most)s tables."), N_("Share them out among several files.")
        raise CurriculumError([place.problem(0, what, fix, most=_MOST_TABLES)])
    try:
        return Fields(place, tomli.loads(place.text), problems, 1 + place.offset)
    except tomli.TOMLDecodeError as error:
        line = min(error.lineno, place.text.rstrip().count("\n") + 1) + place.offset
        what, fix = N_("This is not TOML: %(error)s."), N_("Correct the syntax there.")
        raise CurriculumError([place.problem(line, what, fix, error=error.msg)]) from error
    except RecursionError as error:
        what, fix = N_("A value has too many levels."), N_("Write tables instead of values inside values.")
        raise CurriculumError([place.problem(0, what, fix)]) from error


def _long_name(text: str) -> re.Match[str] | None:
    """A name of too many parts, if there is one: it is in a line, and few lines have so many dots."""
    if all(line.count(".") < _PARTS for line in text.split("\n")):
        return None
    return _LONG_NAME.search(text)


def _has_too_many_tables(text: str) -> bool:
    """Whether a text may make too many tables: signs inside its strings count too, and few texts have so many signs."""
    if sum(map(text.count, "{[.")) <= _MOST_TABLES:
        return False
    dotted = sum(match[1].count(".") for match in _DOTTED.finditer(text))
    return text.count("{") + sum(1 for _ in _HEADER.finditer(text)) + dotted > _MOST_TABLES
