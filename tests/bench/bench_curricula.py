"""``python -m tests.bench.bench_curricula``: reading every track, rendering lessons cold and from the cache.

CPU time of one process; the ratios are what holds from one machine to another.
"""

import sys
from collections.abc import Callable
from time import process_time

import tomli

from curricula.load import load_track
from curricula.model import LANGUAGES
from curricula.registry import discover
from curricula.render import render
from lms.lessons import lesson_html


def cpu(do: Callable[[], object], rounds: int = 5) -> float:
    """The least CPU time of a few rounds, in milliseconds: what else runs on the machine only adds to it."""
    times = []
    for _ in range(rounds):
        begun = process_time()
        do()
        times.append(process_time() - begun)
    return min(times) * 1000


def parse_alone() -> None:
    """What reading costs at least: the bytes and the TOML of the same folders, and nothing checked."""
    for folder in discover():
        for path in folder.rglob("*"):
            if path.suffix == ".toml":
                tomli.loads(path.read_text("utf-8"))
            elif path.is_file():
                path.read_bytes()


def main() -> int:
    """Print the figures."""
    tracks = [load_track(folder) for folder in discover()]
    lessons = [
        (track, module, lesson, language)
        for track in tracks
        for module in track.published_modules
        for lesson in module.lessons
        for language in LANGUAGES
    ]
    least = cpu(parse_alone)
    load = cpu(lambda: [load_track(folder) for folder in discover()])
    print(f"Reading {len(tracks)} track(s): {load:.0f} ms CPU, {load / least:.1f} times parsing their TOML alone")

    cold = cpu(lambda: [render(lesson.texts[language].body, language) for _, _, lesson, language in lessons])
    for values in lessons:
        lesson_html(*values)
    cached = cpu(lambda: [lesson_html(*values) for values in lessons for _ in range(100)]) / 100
    count = len(lessons)
    print(f"A lesson rendered: {cold / count:.2f} ms cold, {cached / count * 1000:.2f} µs from the cache", end="")
    print(f" ({cold / cached:,.0f} times less)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
