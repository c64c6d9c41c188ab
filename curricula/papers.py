"""The papers of a module beside its lessons: what a learner keeps, what a trainer and a jury work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
        return len([word for word in self.body.split() if any(c.isalnum() for c in word)])


@dataclass(frozen=True)
class Paper:
    """One paper, in each language."""

    kind: Kind
    texts: Mapping[str, PaperText]


def paper_path(module: str, kind: str, language: str) -> str:
    """Where the file of a paper in a language is."""
    return f"{module}/{kind}.{language}.md"
