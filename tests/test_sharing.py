"""Tests that share a service, a platform or a browser are run by one process."""

from pathlib import Path

import pytest

from tests.sharing import SHARED, Sharing, together

ROOT = Path(__file__).parent.parent


def test_every_shared_folder_holds_tests() -> None:
    assert all(list((ROOT / folder).glob("test_*.py")) for folder in SHARED)


def test_the_tests_of_a_shared_folder_stay_together() -> None:
    assert together("tests/browser/test_a.py::test_one") == together("tests/browser/test_b.py::test_two[x]")
    sqlite, other = "tests/hostile/test_a.py::test_one[T01-sqlite]", "tests/hostile/test_a.py::test_one[T01-postgresql]"
    assert together(sqlite) != together(other)
    assert together("tests/lti/test_links.py::test_a") != together("tests/lti/test_links.py::test_b")


def test_processes_are_given_these_groups(pytestconfig: pytest.Config) -> None:
    """xdist would say nothing if it asked nobody: its own groups went unheard for a whole release."""
    asked = pytestconfig.hook.pytest_xdist_make_scheduler.get_hookimpls()
    assert asked[-1].plugin_name.endswith("tests/conftest.py")
    assert object.__new__(Sharing)._split_scope("tests/openedx/test_a.py::test_one") == "openedx"
