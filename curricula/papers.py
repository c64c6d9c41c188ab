"""The papers of a module beside its lessons: what a learner keeps, what a trainer and a jury work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from curricula.languages import LANGUAGES
from curricula.reading import word_count

#: The page to keep, the plan of a session, and the guides of those who make, accompany and judge a work.
Kind = Literal["memo", "session", "kit-learner", "kit-trainer", "kit-jury"]
KINDS: tuple[Kind, ...] = ("memo", "session", "kit-learner", "kit-trainer", "kit-jury")
#: Those that learners read; the others are for trainers and members of juries.
FOR_LEARNERS: tuple[Kind, ...] = ("memo", "kit-learner")


@dataclass(frozen=True)
class PaperText:
    """A paper in one language: its title and its Markdown, without blocks."""

    title: str
    body: str

    @property
    def words(self) -> int:
        """Number of words of the body, marks left out."""
        return word_count(self.body)


@dataclass(frozen=True)
class Paper:
    """One paper, in each language."""

    kind: Kind
    texts: Mapping[str, PaperText]


def paper_name(kind: str, language: str) -> str:
    """What the file of a paper in a language is called."""
    return f"{kind}.{language}.md"


def paper_path(module: str, kind: str, language: str) -> str:
    """Where it is."""
    return f"{module}/{paper_name(kind, language)}"


#: The files of papers, which are beside those of lessons and are no lessons.
PAPER_NAMES = {paper_name(kind, language) for kind in KINDS for language in LANGUAGES}
