"""Learners all there at once on ``lms serve --workers 2``: they enter, read, answer, submit; each page's time.

Then the same journeys as fast as they go, by turns with a bare Flask page that asks as many queries, served the same
way; and what a learner's hour costs. ``LEARNERS=2000 python -m tests.bench.bench_load [postgresql] [sqlite]``: 200 by
default, each thinking ``PAUSE`` seconds between two pages: a hundred requests a second come, if it is not given.
``MOST`` shortens each journey to so many lessons and questions. ``VCPU_CENTS`` and ``BUSY`` change the hypotheses of
the cost.
"""

import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from itertools import count, islice
from pathlib import Path

from curricula.model import Module
from lms.models import db
from lms.services.library import Library
from tests.bench.serving import granian
from tests.bench.site import THREADS, Site, quiet, site
from tests.bench.traffic import Journey, Measured, Told, at_once, journey, same, without_rest
from tests.learner_in_test import data, statements, writes

LEARNERS, WORKERS, LINES = 200, 2, 16
#: Requests a second that everybody together makes, unless PAUSE says how long each one thinks.
RATE = 100
TRACK, MODULE = "decideurs", "d1"
MOST = int(os.environ.get("MOST", "100"))
#: Hypotheses of the cost: cents of an hour of one virtual processor, and the share of it that is used on average.
VCPU_CENTS = float(os.environ.get("VCPU_CENTS", "5"))
BUSY = float(os.environ.get("BUSY", "0.3"))


def at(values: list[float], percent: int) -> float:
    """That percentile."""
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]


def queries(here: Site, way: Journey) -> dict[str, list[int]]:
    """Statements of each page of a journey made in this process, and those that write: page → [all, writes] at best."""
    client, found = here.app.test_client(), dict[str, list[int]]()
    ask = next(way)
    while True:
        with here.app.app_context(), statements() as heard:
            sent = {"Accept": "application/json" if ask.json else "text/html"}
            if ask.form is None:
                answer = client.get(ask.path, headers=sent)
            else:
                answer = client.post(ask.path, data=ask.form, headers=sent)
        assert answer.status_code == ask.status, (ask.page, answer.status_code)
        found.setdefault(ask.page, [0, 0, 0])
        found[ask.page][0] += len(data(heard))
        found[ask.page][1] += len(writes(heard))
        found[ask.page][2] += 1
        try:
            ask = way.send(Told(answer.status_code, answer.headers.get("Location", ""), answer.text, ()))
        except StopIteration:
            return found


def show(found: Measured, asked: dict[str, list[int]]) -> None:
    """Each page's time, and how many queries it asks."""
    print(f"  {'page':18} {'asked':>7} {'p50 ms':>8} {'p95 ms':>8} {'queries':>8}")
    for page, took in found.took.items():
        number = asked[page][0] / asked[page][2]
        print(f"  {page:18} {len(took):7} {at(took, 50):8.1f} {at(took, 95):8.1f} {number:8.1f}")


def compare(here: Site, ways: list[Journey], each: float) -> tuple[float, float, Measured]:
    """(our requests a second, those of a bare page with as many queries, what was found of ours)."""
    environment = {"BENCH_DATABASE": here.database_url, "BENCH_QUERIES": str(round(each))}
    bare, ours = list[float](), Measured()
    with granian("tests.bench.bare_page:bare_page", environment, threads=THREADS, workers=WORKERS) as (client, _cpu):
        port = client.base_url.port
        assert port is not None
        half = len(ways) // 2
        asyncio.run(without_rest(port, [same("bare", "/", 50) for _ in range(LINES)], LINES))  # warms it up
        for some in (ways[:half], ways[half:]):
            found = asyncio.run(without_rest(here.port, some, LINES))
            for page, took in found.took.items():
                ours.took[page] += took
            ours.errors.update(found.errors)
            ours.finished, ours.seconds = ours.finished + found.finished, ours.seconds + found.seconds
            beside = asyncio.run(without_rest(port, [same("bare", "/", 200) for _ in range(LINES)], LINES))
            bare.append(beside.requests / beside.seconds)
    return ours.requests / ours.seconds, statistics.mean(bare), ours


def measure(kind: str, folder: Path, learners: int, pause: float, rested: int) -> dict[str, object]:
    """Print and give the figures of one database."""
    with site(kind, folder, WORKERS) as here:
        with here.app.app_context():
            module = Library(db.session())[TRACK].module(MODULE)
            db.session.remove()
        assert module is not None
        numbers = count(1)

        def some(number: int) -> list[Journey]:
            return [journey(here.platform, TRACK, module, each, MOST) for each in islice(numbers, number)]

        asked = queries(here, some(1)[0])
        asyncio.run(without_rest(here.port, some(8), 8))  # both workers have read the tracks, and know the platform
        gc.freeze()
        began, mine = time.perf_counter(), time.process_time()
        before = {name: spent() for name, spent in here.spent.items()}
        found = asyncio.run(at_once(here.port, some(learners), pause))
        wall = time.perf_counter() - began
        spent = {name: told() - before[name] for name, told in here.spent.items()}
        spent["load generator and platform"] = time.process_time() - mine
        print(f"{kind}: {learners} learners at once, {pause:.0f} s between two pages of each; {WORKERS} web workers")
        show(found, asked)
        print(
            f"  {found.requests} requests in {found.seconds:.0f} s ({found.requests / found.seconds:.0f} a second); "
            f"{found.finished} of {learners} journeys ended; errors: {dict(found.errors) or 0}; faults: {here.faults()}"
        )
        shares = ", ".join(f"{name} {value / wall:.2f}" for name, value in spent.items())
        print(f"  CPU, of {os.cpu_count()} cores: {shares}; load of the machine {os.getloadavg()[0]:.1f}")
        total = [sum(page[place] for page in asked.values()) for place in range(3)]
        each = total[0] / total[2]
        rate, bare, flat = compare(here, some(rested), each)
        faults = here.faults()
    print(
        f"  as fast as it goes, {LINES} under way: {rate:.0f} requests a second, p95 "
        f"{at([took for page in flat.took.values() for took in page], 95):.0f} ms, errors: {dict(flat.errors) or 0}"
    )
    print(
        f"  a bare Flask page of {round(each)} queries: {bare:.0f} a second; ours ({each:.1f} queries, of which "
        f"{total[1] / total[2]:.1f} write): × {rate / bare:.2f} of it"
    )
    costs(module, {name: value for name, value in spent.items() if "generator" not in name}, learners)
    all_errors = sum(found.errors.values()) + sum(flat.errors.values()) + faults
    return {
        "learners": learners, "errors": all_errors, "requests": found.requests,
        "p95": {page: round(at(took, 95), 1) for page, took in found.took.items()},
        "requests a second / bare page": round(rate / bare, 2),
    }  # fmt: skip


def costs(module: Module, spent: dict[str, float], learners: int) -> None:
    """Print what a learner's hour costs, by the hypotheses."""
    hours = module.duration_minutes / 60
    each = {name: value / learners for name, value in spent.items()}
    whole = sum(each.values())
    parts = ", ".join(f"{name} {value:.2f}" for name, value in each.items())
    print(f"  a journey: {whole:.2f} s of CPU ({parts}), {hours:.1f} h of training by the track's own measure")
    cents = whole / hours / 3600 * VCPU_CENTS / BUSY
    print(
        f"  a learner's hour: {whole / hours:.2f} s of CPU; {cents:.5f} cents "
        f"if a vCPU costs {VCPU_CENTS:g} cents an hour and is busy for {BUSY:.0%} of it"
    )


def main(*kinds: str) -> None:
    """Print the figures of the databases asked, PostgreSQL and then SQLite unless told."""
    quiet()
    learners = int(os.environ.get("LEARNERS", LEARNERS))
    pause = float(os.environ.get("PAUSE", learners / RATE))
    said = defaultdict[str, object](dict)
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        for kind in kinds or ("postgresql", "sqlite"):
            place = Path(folder) / kind
            place.mkdir()
            said[kind] = measure(kind, place, learners, pause, min(learners, 80))
    print(json.dumps({"bench": "load", "figures": said}))


if __name__ == "__main__":
    main(*sys.argv[1:])
