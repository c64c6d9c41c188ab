"""A roster of 100 000 read page by page: time, CPU and memory, each side in a process of its own.

PyLTI1p3 keeps every member in memory; our client reads a page and lets it go. ``SIDES`` says what is run: a side is a
function of the platform's address that gives how many members it saw. ``python -m tests.bench.bench_roster``
"""

import json
import multiprocessing
import re
import resource
import time
from collections.abc import Callable

import httpx

from lms.lti.http import Outbound
from tests.bench import pylti_services
from tests.bench.services_platform import MEMBERS, services_platform

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


def by_our_client(address: str) -> int:
    """Our outbound client, page after page, nothing kept."""
    client, url, seen = Outbound(("127.0.0.1",)), f"{address}/members?limit={PAGE}", 0
    while url:
        answer = client.request("GET", url, headers={"Accept": MEMBERS, "Authorization": "Bearer t"})
        seen += len(answer.json()["members"])
        following = re.search(r'<([^>]*)>;\s*rel="next"', answer.headers.get("Link", ""))
        url = following.group(1) if following else ""
    client.close()
    return seen


SIDES: dict[str, Callable[[str], int]] = {
    "PyLTI1p3, in pages": by_pylti1p3,
    "PyLTI1p3, all at once": by_pylti1p3_at_once,
    "our client, in pages": by_our_client,
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
