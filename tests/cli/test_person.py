"""``lms person``: what is held about somebody, given back or erased from the command line."""

import json
from pathlib import Path

import pytest

from lms.app import create_app
from lms.models import db
from lms.services.privacy import person_of
from lms.services.sessions import open_session
from tests.cli.conftest import Run

EMAIL = "someone@example.org"


@pytest.fixture
def somebody(ready: Run) -> Run:
    """The command, where a person is known."""
    made = ready("account", "create", EMAIL, "--role", "hr", "--name", "Ada Martin", "--password", "long enough a word")
    assert made.status == 0, made.err
    return ready


def test_a_copy_is_printed_or_written(somebody: Run, tmp_path: Path) -> None:
    path = tmp_path / "copy.json"
    assert somebody("person", "export", EMAIL, "-o", str(path)).status == 0
    printed = somebody("person", "export", EMAIL)
    for text in (path.read_text(), printed.out):
        assert json.loads(text)["person"]["full_name"] == "Ada Martin"


def test_what_is_erased_is_gone(somebody: Run) -> None:
    done = somebody("person", "erase", EMAIL, "--yes")
    assert (done.status, done.out) == (0, "Erased.\n")
    assert somebody("person", "export", EMAIL).status == 1


def test_nobody_of_that_id(ready: Run) -> None:
    for arguments in (("export", "nobody"), ("erase", "nobody", "--yes", "--platform", "1")):
        done = ready("person", *arguments)
        assert done.status == 1
        assert "Nothing is held" in done.err


def test_the_consumer_a_platform_had(ready: Run) -> None:
    refused = ready("platform", "legacy", "1", "--key", "consumer", "--secret", "word")
    assert (refused.status, "no such platform" in refused.err) == (1, True)
    place = "https://moodle.example"
    ready(
        "platform", "add", "--name", "M", "--issuer", place, "--client-id", "c", "--auth-url", f"{place}/a",
        "--token-url", f"{place}/t", "--jwks-url", f"{place}/k", "--deployment-id", "1",
    )  # fmt: skip
    assert ready("platform", "legacy", "1", "--key", "consumer", "--secret", "word").out == "consumer: kept.\n"


def test_sessions_of_somebody_or_of_everybody_are_ended(somebody: Run) -> None:
    def signs_in(times: int) -> None:
        with create_app().app_context():
            owner = person_of(db.session(), None, EMAIL)
            assert owner is not None
            for _browser in range(times):
                open_session(db.session(), owner.id, frozenset({"hr"}), 60)
            db.session.commit()
            db.session.remove()
            db.engine.dispose()

    signs_in(2)
    assert somebody("person", "sign-out", EMAIL).out == "Sessions ended: 2.\n"
    assert somebody("person", "sign-out", EMAIL).out == "Sessions ended: 0.\n"
    assert somebody("person", "sign-out", "nobody").status == 1
    assert somebody("person", "sign-out").status == 2
    assert somebody("person", "sign-out", EMAIL, "--everybody").status == 2
    signs_in(1)
    assert somebody("person", "sign-out", "--everybody").out == "Sessions ended: 1.\n"
