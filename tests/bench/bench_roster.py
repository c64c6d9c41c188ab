"""A roster of 100 000 read page by page: time, CPU and memory, each side in a process of its own.

PyLTI1p3 keeps every member in memory; our reader takes a page and lets it go. ``SIDES`` says what is run: a side is a
function of the platform's address that gives how many members it saw. ``python -m tests.bench.bench_roster``
"""

import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

import httpx

from lms.lti import members
from lms.lti.client import ServiceClient
from lms.lti.http import Outbound
from lms.lti.model import Registration
from lms.lti.tokens import Token
from lms.models import utcnow
from tests.bench import pylti_services
from tests.bench.services_platform import services_platform

PEOPLE = 100_000
PAGE = 1000
#: Largest growth of memory, in MB, and largest share of PyLTI1p3's time.
TARGETS = (150, 0.5)


def by_pylti1p3(address: str) -> int:
    """The library's ``get_members()``, in pages."""
    return pylti_services.roster(address, PAGE)


def by_pylti1p3_at_once(address: str) -> int:
    """The library's ``get_members()``, as it asks by itself: without a limit."""
    return pylti_services.roster(address, 0)


class _OneToken:
    """A token at hand, as both sides have one."""

    def get(self, platform: Registration, scopes: Iterable[str]) -> Token:
        del platform
        return Token("t", frozenset(scopes), utcnow() + timedelta(hours=1))


def by_our_reader(address: str) -> int:
    """What a synchronisation reads: every member checked and made a value, batch after batch, nothing kept."""
    outbound = Outbound(("127.0.0.1",))
    services = ServiceClient(outbound, _OneToken())  # type: ignore[arg-type]
    platform = Registration(1, address, "tool", f"{address}/auth", f"{address}/token", f"{address}/jwks", {})
    seen = sum(len(batch.members) for batch in members.roster(services, platform, f"{address}/members"))
    outbound.close()
    return seen


SIDES: dict[str, Callable[[str], int]] = {
    "PyLTI1p3, in pages": by_pylti1p3,
    "PyLTI1p3, all at once": by_pylti1p3_at_once,
    "our reader, in pages": by_our_reader,
}
REFERENCE = "PyLTI1p3, in pages"


def measured(side: str, address: str) -> tuple[float, float, float]:
    """(seconds, seconds of CPU, growth in MB) of a side, in this process, which did nothing before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, clock = time.process_time(), time.perf_counter()
    seen = SIDES[side](address)
    assert seen == PEOPLE, seen
    spent = time.perf_counter() - clock, time.process_time() - cpu
    return *spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def capacity(client: httpx.Client) -> float:
    """Seconds the platform alone takes to give every page to a reader that looks at nothing."""
    clock = time.perf_counter()
    for page in range(PEOPLE // PAGE):
        client.get("/members", params={"limit": PAGE, "page": page})
    return time.perf_counter() - clock


def main() -> None:
    """Print the figures, and ratios to PyLTI1p3's time."""
    spawn = multiprocessing.get_context("spawn")
    said = {}
    with services_platform(PEOPLE) as client:
        capacity(client)
        print(f"{PEOPLE} members, {PAGE} a page; the platform alone takes {capacity(client):.2f} s")
        figures = {}
        for side in SIDES:
            runs = []
            for _turn in range(3):
                with spawn.Pool(1) as pool:
                    runs.append(pool.apply(measured, (side, str(client.base_url))))
            figures[side] = sorted(runs)[1]
        for side, (clock, cpu, growth) in figures.items():
            share = clock / figures[REFERENCE][0]
            print(f"  {side:24} {clock:6.2f} s   {cpu:6.2f} s of CPU   + {growth:4.0f} MB   × {share:.2f}")
            said[side] = {"share": round(share, 2), "growth": round(growth)}
    print(f"  targets: growth under {TARGETS[0]} MB, at most × {TARGETS[1]} of PyLTI1p3's time")
    print(json.dumps({"bench": "roster", "sides": said}))


if __name__ == "__main__":
    main()
