"""Something to mend in a track, or to improve."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from curricula.problems import said

#: Something to mend before it is published, to improve, or to look at again one day.
Weight = Literal["blocking", "advice", "reminder"]
WEIGHTS: tuple[Weight, ...] = ("blocking", "advice", "reminder")


@dataclass(frozen=True)
class Finding:
    """Something found in a track. ``path`` leads to it, as in ``curricula.diff``.

    ``message`` is to be translated, then given ``values``.
    """

    path: tuple[str, ...]
    weight: Weight
    message: str
    values: tuple[tuple[str, str], ...] = ()
    #: What to do about it, where the message does not say it; it is given the same values.
    fix: str = ""

    def __str__(self) -> str:
        return f"{' / '.join(self.path)}: {self.said(str)}"

    def said(self, translated: Callable[[str], str]) -> str:
        """The message, then the fix, as ``translated`` says them."""
        return " ".join(said(translated(text), dict(self.values)) for text in (self.message, self.fix) if text)


def finding(path: tuple[str, ...], weight: Weight, message: str, fix: str = "", /, **values: object) -> Finding:
    """Something found, with the values of its message."""
    return Finding(path, weight, message, tuple((name, str(value)) for name, value in values.items()), fix)
