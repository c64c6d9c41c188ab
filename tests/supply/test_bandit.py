"""What bandit is told to pass: line by line, each with its reason."""

import re

from tests.supply.settings import ROOT, tool

ROOMS = ("lms", "curricula", "assessments", "certificates", "translations")
#: The tests it passes on that line, then why: our own words, or those of ruff's « noqa » beside it.
REASON = re.compile(r"# nosec B\d{3}(, B\d{3})* # (noqa: S\d+ - )?(?!noqa)\w.{4,}")


def test_each_line_it_passes_says_which_test_and_why() -> None:
    found = [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if "nosec" in line
    ]
    assert found, "the lines are looked for where they are"
    assert [where for where, line in found if not REASON.search(line)] == []


def test_one_test_alone_is_off_and_no_room_is_left_out() -> None:
    assert tool("bandit") == {"exclude_dirs": ["tests", ".venv"], "skips": ["B101"]}
    said = (ROOT / "Makefile").read_text("utf-8")
    assert f"--recursive {' '.join(ROOMS)}" in said
