"""What our questions say that other formats have no place for, as tags: ``objective:d1-o1``, ``difficulty:2``."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from curricula.model import Question

#: Difficulty of a question that says none: chooses between rules.
USUAL_DIFFICULTY = 2
_TAG = re.compile(
    r"(objective|difficulty|source|reserved|instead|misconception-[\w-]+|setting-[a-z][a-z0-9_]*)\s*:\s*(.+)", re.DOTALL
)
_INTEGER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True)
class Labels:
    """What tags say of a question; ``misconceptions`` by option key. Difficulty 0: they say none."""

    objective: str = ""
    difficulty: int = 0
    source: str = ""
    misconceptions: dict[str, str] = field(default_factory=dict)
    #: Tags that are not ours.
    others: tuple[str, ...] = ()
    reserved: bool = False
    instead: str = ""
    settings: tuple[tuple[str, str | int], ...] = ()


def tags_of(question: Question) -> list[str]:
    """The tags of a question, in a stable order."""
    said = [
        ("objective", question.objective),
        ("difficulty", str(question.difficulty or "")),
        ("source", question.source),
        ("reserved", "yes" if question.reserved else ""),
        ("instead", question.instead),
    ]
    said += [(f"setting-{name}", str(value)) for name, value in question.settings]
    said += [(f"misconception-{option.key}", option.misconception) for option in question.options]
    return [f"{name}:{value}" for name, value in said if value]


def labels_of(tags: Iterable[str]) -> Labels:
    """What the tags of a question say; an impossible difficulty is none."""
    told, others = dict[str, str](), list[str]()
    for tag in tags:
        found = _TAG.fullmatch(tag.strip())
        if found:
            told[found[1]] = found[2].strip()
        elif tag.strip():
            others.append(tag.strip())
    difficulty = told.get("difficulty", "")
    return Labels(
        told.get("objective", ""),
        int(difficulty) if difficulty in {"1", "2", "3"} else 0,
        told.get("source", ""),
        {name.removeprefix("misconception-"): value for name, value in told.items() if name.startswith("misc")},
        tuple(others),
        "reserved" in told,
        told.get("instead", ""),
        tuple(
            (name.removeprefix("setting-"), int(value) if _INTEGER.fullmatch(value) else value)
            for name, value in sorted(told.items())
            if name.startswith("setting-")
        ),
    )


def labelled(question: Question, labels: Labels) -> Question:
    """The question with what its labels say, its misconceptions aside."""
    return replace(
        question, objective=labels.objective, difficulty=labels.difficulty, source=labels.source,
        reserved=labels.reserved, instead=labels.instead, settings=labels.settings or question.settings,
    )  # fmt: skip


class Keys:
    """Keys of a file's questions: from the names they have there, each used once."""

    def __init__(self) -> None:
        self._used = set[str]()
        #: Numbers to try next, by what they follow: a file may hold thousands of questions of one name.
        self._numbers = dict[str, Iterator[str]]()

    def key(self, name: str) -> str:
        """A key (lower-case letters, digits, hyphens) like ``name`` that no other question of the file has."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        base = "-".join(re.findall(r"[a-z0-9]+", plain))[:80].strip("-") or "q"
        key = next(key for key in self._numbers.setdefault(base, _numbered(base)) if key not in self._used)
        self._used.add(key)
        return key


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def option_key(number: int) -> str:
    """The key of an option that has none, from 0: a, b, … z, then a2."""
    turn, letter = divmod(number, 26)
    return chr(ord("a") + letter) + (str(turn + 1) if turn else "")
