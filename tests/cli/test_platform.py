"""``lms platform``: an LMS is connected from a terminal, by people and by scripts."""

import json
import re

import pytest

from tests.cli.conftest import Outcome, Run

PLATFORM = {
    "--name": "Moodle d’essai",
    "--issuer": "https://moodle.example",
    "--client-id": "client-1",
    "--auth-url": "https://moodle.example/auth",
    "--token-url": "https://moodle.example/token",
    "--jwks-url": "https://moodle.example/jwks",
    "--deployment-id": "1",
}


def add(run: Run, **changed: str) -> Outcome:
    options = {**PLATFORM, **{"--" + name.replace("_", "-"): value for name, value in changed.items()}}
    return run("platform", "add", *[word for option in options.items() for word in option])


def test_a_platform_is_added_and_its_addresses_come_as_json(ready: Run) -> None:
    outcome = add(ready)
    assert (outcome.status, outcome.err) == (0, "")
    printed = json.loads(outcome.out)
    assert printed == {
        "id": printed["id"],
        "name": "Moodle d’essai",
        "issuer": "https://moodle.example",
        "client_id": "client-1",
        "deployments": ["1"],
        "tool": {
            "login_url": "http://localhost:8000/lti/login",
            "launch_url": "http://localhost:8000/lti/launch",
            "jwks_url": "http://localhost:8000/lti/jwks.json",
        },
    }
    assert ready("platform", "list").out.split("\t")[1:] == [
        "active", "Moodle d’essai", "https://moodle.example", "client-1", "1\n"
    ]  # fmt: skip


def test_adding_it_again_adds_its_deployment_once(ready: Run) -> None:
    first = json.loads(add(ready).out)
    assert json.loads(add(ready, deployment_id="2").out)["deployments"] == ["1", "2"]
    again = json.loads(add(ready, deployment_id="2").out)
    assert (again["id"], again["deployments"]) == (first["id"], ["1", "2"])
    assert len(ready("platform", "list").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"issuer": "moodle"}, ["issuer must be a web address"]),
        ({"auth_url": "javascript:alert(1)"}, ["auth_url must be a web address"]),
        ({"jwks_url": "ftp://moodle.example/jwks"}, ["jwks_url must be a web address"]),
        ({"name": ""}, ["name is missing."]),
        (
            {"token_url": "", "client_id": "", "deployment_id": ""},
            ["token_url must", "client_id is", "deployment_id is"],
        ),
    ],
)
def test_what_is_wrong_is_told_at_once_and_nothing_is_kept(
    ready: Run, changed: dict[str, str], said: list[str]
) -> None:
    outcome = add(ready, **changed)
    assert (outcome.status, outcome.out) == (1, "")
    lines = outcome.err.splitlines()
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True))
    assert ready("platform", "list").out == ""


def test_the_addresses_of_a_known_platform_do_not_change_unnoticed(ready: Run) -> None:
    add(ready)
    outcome = add(ready, jwks_url="https://elsewhere.example/jwks")
    assert outcome.status == 1
    assert "already registered with other addresses" in outcome.err


@pytest.mark.parametrize("option", PLATFORM)
def test_every_option_is_needed(run: Run, option: str) -> None:
    words = [word for pair in PLATFORM.items() if pair[0] != option for word in pair]
    outcome = run("platform", "add", *words)
    assert outcome.status == 2
    assert option in outcome.err


def test_an_invitation_is_printed_as_one_address(ready: Run) -> None:
    outcome = ready("platform", "invite", "--host", "cdn.example")
    assert outcome.status == 0
    assert re.fullmatch(r"http://localhost:8000/lti/register\?invite=[\w-]{43}\n", outcome.out)
    assert ready("platform", "invite").out != outcome.out


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--platform", "7"], "There is no platform 7"), (["--host", "https://a.example"], "is no host name")],
)
def test_an_invitation_that_cannot_serve_is_refused(ready: Run, options: list[str], said: str) -> None:
    outcome = ready("platform", "invite", *options)
    assert (outcome.status, outcome.out) == (1, "")
    assert said in outcome.err


def test_a_check_prints_each_finding_and_the_way_out(ready: Run) -> None:
    number = str(json.loads(add(ready, jwks_url="http://127.0.0.1:9/", token_url="http://127.0.0.1:9/").out)["id"])
    outcome = ready("platform", "check", number, LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    assert outcome.status == 1
    assert "FAILED: The training platform answers. It does not answer." in outcome.out
    assert "awaited: Somebody opened the activity." in outcome.out
    assert "    1. Check that the platform is up" in outcome.out
    assert ready("platform", "check", "--all", LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1").status == 1
    assert ready("platform", "suspend", number).status == 0
    assert ready("platform", "check", "--all").status == 0
    assert ready("platform", "check", number).out.endswith("FAILED: suspended\n")
    assert ready("platform", "suspend", number, "--resume").status == 0


def test_a_check_needs_to_know_of_what(ready: Run) -> None:
    assert ready("platform", "check").status == 2
    assert ready("platform", "check", "9").status == 1
