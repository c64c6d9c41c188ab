"""Calls to many platforms side by side, so that one that is slow or down holds back its own alone."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: Platforms called at a time, and calls to one of them at a time.
PLATFORMS, WIDTH = 16, 4


def side_by_side(
    calls: Mapping[int, Sequence[T]], do: Callable[[T], R], ends: Callable[[R], bool], seconds: float
) -> dict[int, list[tuple[T, R]]]:
    """Do the calls of each platform, in order; gives those that were done, with their results.

    The first of a platform goes alone: it tells whether anybody is there. A result that ``ends`` its platform's
    turn leaves the rest undone, and none begins after ``seconds``. ``do`` runs in threads.
    """
    end = time.monotonic() + seconds
    lanes = {key: _Lane(each, do, ends, end) for key, each in calls.items()}
    with ThreadPoolExecutor(PLATFORMS) as pool:
        list(pool.map(_Lane.run, lanes.values()))
    return {key: lane.done for key, lane in lanes.items()}


class _Lane(Generic[T, R]):
    def __init__(self, calls: Sequence[T], do: Callable[[T], R], ends: Callable[[R], bool], end: float) -> None:
        self._left, self._do, self._ends, self._end = deque(calls), do, ends, end
        self._open = True
        self.done: list[tuple[T, R]] = []

    def run(self) -> None:
        self._one()
        count = min(WIDTH, len(self._left))
        if self._open and count:
            with ThreadPoolExecutor(count) as pool:
                for helper in [pool.submit(self._all) for _ in range(count)]:
                    helper.result()

    def _all(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        """Do the next call; False when there is none to do."""
        if not self._open or time.monotonic() > self._end:
            return False
        try:
            call = self._left.popleft()
        except IndexError:
            return False
        result = self._do(call)
        self.done.append((call, result))
        if self._ends(result):
            self._open = False
        return True
