"""``lms author``: roles in the studio from the command line."""

from tests.cli.conftest import Run

EMAIL = "zoe@example.org"


def ready(run: Run) -> None:
    assert run("db", "upgrade").status == 0
    made = run("account", "create", EMAIL, "--role", "author", "--password", "long enough a word")
    assert made.status == 0, made.err


def test_roles_are_given_listed_and_taken_back(run: Run) -> None:
    ready(run)
    given = run("author", "grant", EMAIL, "author", "publisher", "--track", "decideurs")
    assert given.out.splitlines() == [
        f"{EMAIL} (local): author, decideurs",
        f"{EMAIL} (local): publisher, decideurs",
    ]
    run("author", "grant", EMAIL, "reviewer")
    assert f"{EMAIL} (local): reviewer, every track of this institution" in run("author", "list").out
    assert run("author", "revoke", EMAIL, "author", "publisher").status == 1, "not over everything"
    taken = run("author", "revoke", EMAIL, "author", "publisher", "--track", "decideurs")
    assert (taken.status, taken.out) == (0, "2 taken back.\n")
    assert run("author", "list").out == f"{EMAIL} (local): reviewer, every track of this institution\n"


def test_what_does_not_exist_is_said(run: Run) -> None:
    ready(run)
    for arguments, said in (
        (("nobody@example.org", "author"), "Nobody has this address"),
        ((EMAIL, "author", "--platform", "3"), "Nobody has this address"),
        ((EMAIL, "author", "--track", "none"), "No track has the key"),
        ((EMAIL, "author", "--institution", "none"), "No institution is called"),
    ):
        done = run("author", "grant", *arguments)
        assert (done.status, said in done.err) == (1, True), done.err
    assert run("author", "grant", EMAIL, "minister").status == 2
    assert run("author", "grant", EMAIL, "author", "--track", "decideurs", "--institution", "x").status == 2
    assert run("author", "list").out == ""
