"""The list of hostile cases in the docs is what the tests try, and none of the cases is without a test."""

import subprocess
import sys
from pathlib import Path

from tests.hostile.listing import page, problems

#: Families of cases that are tried.
TRIED = "LTJCDMSGWAFR"


def test_every_case_has_a_test_and_the_list_is_up_to_date() -> None:
    command = [sys.executable, "-m", "tests.hostile.listing", "--check", TRIED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


def test_what_the_check_finds() -> None:
    tests = {"L1": ["no issuer"], "X1": ["nothing known"]}
    found = problems(tests, page({}), "LX")
    assert "L2 (unknown client_id) has no test" in found
    assert "X1 is in no list of cases: nothing known" in found
    assert any("make hostile" in problem for problem in found)
    assert not any(problem.startswith(("L1 ", "D1 ")) for problem in found)
