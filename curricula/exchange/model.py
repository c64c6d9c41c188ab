"""What an exchange gives: values of ours, and a line for everything that could not be carried over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from curricula.model import Question
from curricula.problems import said


@dataclass(frozen=True)
class Note:
    """Something that was left out, or is not as it was. ``message`` is to be translated, then given ``values``."""

    message: str
    #: The question's name or identifier as its author knows it; empty for the file itself.
    item: str = ""
    #: Where it stands in the file, from 1; 0 where the format has no lines.
    line: int = 0
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        place = " ".join(part for part in (f"line {self.line}" if self.line else "", self.item) if part)
        message = said(self.message, self.values)
        return f"{place}: {message}" if place else message


class NotReadable(ValueError):
    """A file that is not what it should be: nothing of it was taken. ``note`` says what and where."""

    def __init__(self, message: str, line: int = 0, **values: str) -> None:
        self.note = Note(message, line=line, values=values)
        super().__init__(str(self.note))


@dataclass(frozen=True)
class Page:
    """A page of text that came with a course: a lesson to be."""

    title: str
    #: Markdown of docs/curriculum-format.md.
    body: str
    #: Titles of the folders it stood in, the outermost first.
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A link to an activity of a tool, by LTI."""

    title: str
    url: str
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What was read of a file, in its order.

    A question's texts are in one language, or in each that the file gives. Its ``objective`` and ``source`` are empty,
    and its ``difficulty`` is 0, unless the file says them (``curricula.exchange.labels``); see ``choose.joining``.
    """

    questions: tuple[Question, ...] = ()
    pages: tuple[Page, ...] = ()
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Given:
    """A file to hand over, and what it does not hold."""

    content: bytes
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Bank:
    """Questions to write in a file, in one language."""

    title: str
    questions: tuple[Question, ...]
    language: str


@dataclass(frozen=True)
class Format:
    """A format of other tools. ``read`` and ``write`` are None where it goes one way only.

    ``read(content, language)``: ``language`` is that of texts which do not say theirs. Raises ``NotReadable``.
    """

    key: str
    #: As its users call it, the same in every language.
    name: str
    #: How its files end, the usual one first.
    suffixes: tuple[str, ...]
    read: Callable[[bytes, str], Taken] | None = None
    write: Callable[[Bank], Given] | None = None
