"""One thing that was looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: « ok »; « warn », which works and should be known; « bad », to be put right; « none », not looked at.
State = Literal["ok", "warn", "bad", "none"]


@dataclass(frozen=True)
class Finding:
    """What a check found, in a sentence, and what to do about it; ``fix`` is empty where there is nothing to do."""

    check: str
    state: State
    said: str
    fix: str = ""


def good(findings: Iterable[Finding]) -> bool:
    """Whether nothing has to be put right."""
    return all(each.state != "bad" for each in findings)
