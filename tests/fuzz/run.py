"""``make fuzz``: every target for its share of the time stated; ``python -m tests.fuzz.run [MINUTES] [TARGET…]``.

Prints how many were tried of each, and each finding once, with the file that made it (under ``.fuzz/``).
"""

import resource
import signal
import sys
import time
import traceback
from hashlib import sha256
from pathlib import Path
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.mutation import changed
from tests.fuzz.table import targets
from tests.fuzz.target import Target

KEPT = Path(".fuzz")
#: Seconds of processor that one content may take, and bytes of memory of the whole.
LONGEST, MEMORY = 10, 4_000_000_000
#: Contents of one round: each begins from another seed of chance.
ROUND = 400


class TooLong(BaseException):
    """A content that keeps a parser busy."""


def main(arguments: list[str]) -> int:
    """1 when something was found."""
    minutes = float(arguments[0]) if arguments else 10.0
    chosen = [each for each in targets().values() if not arguments[1:] or each.name in arguments[1:]]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _stop)
    found = total = 0
    for target in chosen:
        tried, faults = _try(target, minutes * 60 / len(chosen))
        total, found = total + tried, found + len(faults)
        print(f"{target.name:45} {tried:8} tried  {len(faults)} found", flush=True)
        for fault in faults:
            print(fault, flush=True)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(chosen)} targets, {total} contents in {minutes:g} minutes, {found} found; {most} MB at most.")
    return 1 if found else 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def _try(target: Target, seconds: float) -> tuple[int, list[str]]:
    """(how many contents were tried, what was found) within so many seconds."""
    seeds, end, count, faults = list(target.seeds()), time.monotonic() + seconds, 0, dict[str, str]()
    for content in seeds:
        target.feed(content)  # what is right is taken: else every other content would be refused at once
    for turn in range(10**9):

        @seed(turn + int(time.time()))
        @settings(
            max_examples=ROUND, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(changed(seeds, target.kind))
        def once(content: bytes) -> None:
            nonlocal count
            if time.monotonic() > end:
                return
            count += 1
            error = _fed(target, content)
            if error is not None and (place := _place(error)) not in faults:
                faults[place] = _kept(target, content, place, error)

        once()
        if time.monotonic() > end:
            return count, list(faults.values())
    raise AssertionError


def _fed(target: Target, content: bytes) -> BaseException | None:
    """What came out that should not have."""
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        target.feed(content)
    except target.refusals:
        return None
    except (Exception, TooLong) as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def _kept(target: Target, content: bytes, place: str, error: BaseException) -> str:
    """A finding in words, its content kept in a file."""
    path = KEPT / f"{target.name.replace(' ', '-').replace(',', '')}-{sha256(content).hexdigest()[:8]}"
    KEPT.mkdir(exist_ok=True)
    path.write_bytes(content)
    return f"  {place}\n  {path}\n" + "".join(traceback.format_exception(error)[-4:])


def _place(error: BaseException) -> str:
    """Its kind, and the line of ours it came from."""
    own = [each for each in traceback.extract_tb(error.__traceback__) if "site-packages" not in each.filename]
    at = own[-1] if own else traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {at.filename.rpartition('fuzz/')[2] or at.filename}:{at.lineno}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
