"""``lms author``: roles in the studio from the command line."""

import pytest

from tests.cli.conftest import Run

EMAIL = "zoe@example.org"


@pytest.fixture
def hired(ready: Run) -> Run:
    """The command, where somebody has a local account."""
    made = ready("account", "create", EMAIL, "--role", "author", "--password", "long enough a word")
    assert made.status == 0, made.err
    return ready


def test_roles_are_given_listed_and_taken_back(hired: Run) -> None:
    given = hired("author", "grant", EMAIL, "author", "publisher", "--track", "decideurs")
    assert given.out.splitlines() == [
        f"{EMAIL} (local): author, decideurs",
        f"{EMAIL} (local): publisher, decideurs",
    ]
    hired("author", "grant", EMAIL, "reviewer")
    assert f"{EMAIL} (local): reviewer, every track of this institution" in hired("author", "list").out
    assert hired("author", "revoke", EMAIL, "author", "publisher").status == 1, "not over everything"
    taken = hired("author", "revoke", EMAIL, "author", "publisher", "--track", "decideurs")
    assert (taken.status, taken.out) == (0, "2 taken back.\n")
    assert hired("author", "list").out == f"{EMAIL} (local): reviewer, every track of this institution\n"


def test_what_does_not_exist_is_said(hired: Run) -> None:
    for arguments, said in (
        (("nobody@example.org", "author"), "Nobody has this address"),
        ((EMAIL, "author", "--platform", "3"), "Nobody has this address"),
        ((EMAIL, "author", "--track", "none"), "No track has the key"),
        ((EMAIL, "author", "--institution", "none"), "No institution is called"),
    ):
        done = hired("author", "grant", *arguments)
        assert (done.status, said in done.err) == (1, True), done.err
    assert hired("author", "grant", EMAIL, "minister").status == 2
    assert hired("author", "grant", EMAIL, "author", "--track", "decideurs", "--institution", "x").status == 2
    assert hired("author", "list").out == ""
