"""``lms`` itself: what it offers, and how it explains what cannot be."""

import pytest

from tests.cli.conftest import Run

COMMANDS = ["account", "config", "db", "demo", "doctor", "platform", "serve", "track", "verify", "worker"]


def test_help_names_every_command_with_one_line(run: Run) -> None:
    outcome = run("--help")
    assert outcome.status == 0
    lines = outcome.out.split("Commands:")[1].splitlines()
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if len(line.split()) > 1}
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith(f"Usage: lms {command}")


def test_the_version_is_that_of_the_package(run: Run) -> None:
    outcome = run("--version")
    assert outcome.status == 0
    assert "version" in outcome.out


def test_an_unknown_command_is_refused(run: Run) -> None:
    outcome = run("publish-everything")
    assert outcome.status == 2
    assert "No such command" in outcome.err


def test_a_wrong_configuration_is_explained_and_not_traced(run: Run) -> None:
    outcome = run("config", LMS_BASE_URL="x", LMS_SESSION_MINUTES="y")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.splitlines() == [
        "LMS_SESSION_MINUTES must be a whole number.",
        "LMS_BASE_URL must be a web address without final slash: https://formation.example.",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("hr", "export", "completions", "-o"),
        ("track", "cartridge", "decideurs"),
        ("person", "export", "zoe@formation.example", "-o"),
    ],
)
def test_a_file_that_cannot_be_written_is_named_and_not_traced(ready: Run, arguments: tuple[str, ...]) -> None:
    password = "a long walk by the canal"
    ready("account", "create", "zoe@formation.example", "--role", "hr", "--password", password)
    outcome = ready(*arguments, "nowhere/file")
    assert outcome.status == 1
    said = outcome.err.splitlines()[-1]  # after what a cartridge does not hold
    assert "Traceback" not in outcome.err
    assert "nowhere/" in said
    assert "No such file or directory. Check that its folder is there" in said


def test_a_seal_that_cannot_be_opened_stops_a_worker_with_what_to_ask(ready: Run) -> None:
    outcome = ready("worker", LMS_SEAL_PKCS12="nowhere.p12")
    assert outcome.status == 1
    assert outcome.err.splitlines() == [
        "The keys of certificates cannot be used: cannot open the seal nowhere.p12: missing file or wrong passphrase. "
        "See: lms doctor --worker"
    ]


def test_another_secret_key_than_the_database_s_is_said_and_not_traced(ready: Run) -> None:
    password = "a long walk by the canal"
    ready("account", "create", "zoe@formation.example", "--role", "hr", "--password", password)
    given = {"LMS_SECRET_KEY": "another secret key than that of the database"}
    outcome = ready("account", "enrolment-code", "zoe@formation.example", **given)
    assert outcome.status == 1
    assert outcome.err.startswith("LMS_SECRET_KEY does not open what the database holds")


def test_the_configuration_in_force_is_printed_without_its_secrets(run: Run) -> None:
    secret = "never to be printed, whatever happens"
    outcome = run(
        "config", LMS_SECRET_KEY=secret, LMS_DATABASE_URL="postgresql://u:hidden@h/d", LMS_SESSION_MINUTES="90"
    )
    assert outcome.status == 0
    printed = dict(line.split("=", 1) for line in outcome.out.splitlines())
    assert printed["LMS_SESSION_MINUTES"] == "90"
    assert printed["LMS_SECRET_KEY"] == printed["LMS_DATABASE_URL"] == "********"
    assert secret not in outcome.out
    assert "hidden" not in outcome.out


@pytest.mark.parametrize("arguments", [("platform", "list"), ("account", "create", "a@b.fr", "--role", "hr")])
def test_a_database_not_yet_made_is_explained(run: Run, arguments: tuple[str, ...]) -> None:
    extra = ["--password", "a long enough password"] if arguments[0] == "account" else []
    outcome = run(*arguments, *extra)
    assert outcome.status == 1
    assert "lms db upgrade" in outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err.splitlines()) == 1
