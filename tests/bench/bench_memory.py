"""What a web worker's memory grows by after thousands of requests of every sort, once it is warm.

Learners go through whole journeys, one after the other, on ``lms serve --workers 1`` and PostgreSQL; the worker's
resident memory is read in /proc on the way. A journey is 42 requests or so.
``REQUESTS=100000 python -m tests.bench.bench_memory [postgresql|sqlite]``: 4 000 by default, 3 000 before to warm up.
"""

import asyncio
import json
import os
import sys
import tempfile
from itertools import count
from pathlib import Path

from lms.models import db
from lms.services.library import Library
from tests.bench.bench_load import MODULE, TRACK
from tests.bench.site import THREADS, quiet, site
from tests.bench.traffic import journey, without_rest

REQUESTS, WARM, STEPS = 4_000, 3_000, 10
#: What it may grow by, in hundredths, over 100 000 requests.
TARGET = 10


def memory(pid: int) -> tuple[int, int]:
    """(bytes resident, bytes of its own): the second leaves out what is shared with files and other processes."""
    told = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:] if ":" in line
    )
    kilobytes = {name: int(value.split()[0]) for name, value in told.items()}
    return kilobytes["Rss"] * 1024, (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) * 1024


def main(kind: str = "postgresql") -> None:
    """Print the memory on the way, and the growth."""
    quiet()
    wanted = int(os.environ.get("REQUESTS", REQUESTS))
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder, site(kind, Path(folder), workers=1) as here:
        with here.app.app_context():
            module = Library(db.session())[TRACK].module(MODULE)
            db.session.remove()
        assert module is not None
        (worker,) = here.workers
        numbers, errors = count(1), 0

        def go(requests: int) -> int:
            nonlocal errors
            asked = 0
            while asked < requests:
                ways = [journey(here.platform, TRACK, module, next(numbers)) for _ in range(2 * THREADS)]
                found = asyncio.run(without_rest(here.port, ways, THREADS))
                asked, errors = asked + found.requests, errors + sum(found.errors.values())
            return asked

        done = go(WARM)
        first = memory(worker)
        print(
            f"{kind}: {done} requests to warm up: {first[0] / 1e6:.1f} MB, {first[1] / 1e6:.1f} MB of its own",
            flush=True,
        )
        done = 0
        for _step in range(STEPS):
            done += go(wanted // STEPS)
            now = memory(worker)
            growth = [(after / before - 1) * 100 for before, after in zip(first, now, strict=True)]
            print(f"  {done:7} more: {now[0] / 1e6:6.1f} MB ({growth[0]:+.1f} %), {now[1] / 1e6:6.1f} MB of its own "
                  f"({growth[1]:+.1f} %)", flush=True)  # fmt: skip
        faults = here.faults()
    print(f"  errors: {errors + faults}; target: under {TARGET} % after 100 000 requests")
    print(json.dumps({"bench": "memory", "requests": done, "growth %": round(growth[0], 1), "errors": errors + faults}))


if __name__ == "__main__":
    main(*sys.argv[1:])
