"""What a target of fuzzing is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fuzz.mutation import Kind

Feed = Callable[[bytes], Any]


@dataclass(frozen=True)
class Target:
    """A parser: what is fed, what a refusal of it looks like, what it takes, and the modules that are read so."""

    name: str
    feed: Feed
    #: What may come out beside a value; anything else is a fault of ours.
    refusals: tuple[type[Exception], ...]
    #: Contents it takes, from which the others are made.
    seeds: Callable[[], Sequence[bytes]]
    #: Modules whose parsing this target goes through.
    covers: tuple[str, ...]
    kind: Kind = "bytes"
    #: It starts a program, or works for a tenth of a second, each time: the suite tries few.
    slow: bool = False
