"""``lms person``: what is held about somebody, given back or erased from the command line."""

import json
from pathlib import Path

from tests.cli.conftest import Run

EMAIL = "someone@example.org"


def somebody(run: Run) -> None:
    assert run("db", "upgrade").status == 0
    made = run("account", "create", EMAIL, "--role", "hr", "--name", "Ada Martin", "--password", "long enough a word")
    assert made.status == 0, made.err


def test_a_copy_is_printed_or_written(run: Run, tmp_path: Path) -> None:
    somebody(run)
    path = tmp_path / "copy.json"
    assert run("person", "export", EMAIL, "-o", str(path)).status == 0
    printed = run("person", "export", EMAIL)
    for text in (path.read_text(), printed.out):
        assert json.loads(text)["person"]["full_name"] == "Ada Martin"


def test_what_is_erased_is_gone(run: Run) -> None:
    somebody(run)
    done = run("person", "erase", EMAIL, "--yes")
    assert (done.status, done.out) == (0, "Erased.\n")
    assert run("person", "export", EMAIL).status == 1


def test_nobody_of_that_id(run: Run) -> None:
    run("db", "upgrade")
    for arguments in (("export", "nobody"), ("erase", "nobody", "--yes", "--platform", "1")):
        done = run("person", *arguments)
        assert done.status == 1
        assert "Nothing is held" in done.err


def test_the_consumer_a_platform_had(run: Run) -> None:
    run("db", "upgrade")
    refused = run("platform", "legacy", "1", "--key", "consumer", "--secret", "word")
    assert (refused.status, "no such platform" in refused.err) == (1, True)
    place = "https://moodle.example"
    run(
        "platform", "add", "--name", "M", "--issuer", place, "--client-id", "c", "--auth-url", f"{place}/a",
        "--token-url", f"{place}/t", "--jwks-url", f"{place}/k", "--deployment-id", "1",
    )  # fmt: skip
    assert run("platform", "legacy", "1", "--key", "consumer", "--secret", "word").out == "consumer: kept.\n"
