"""The check of known vulnerabilities: it fails on one, and never calls green what it could not look up."""

import json
import subprocess
from typing import Any

import pytest

from tests.supply import vulnerabilities

FAULT = {"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": ""}
CANARY = {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": [FAULT]}], "fixes": []}
SOUND = {"dependencies": [{"name": "flask", "version": "3.1", "vulns": []}], "fixes": []}
FAULTY = {"dependencies": [{"name": "flask", "version": "3.1", "vulns": [FAULT]}], "fixes": []}
UNKNOWN = {"dependencies": [{"name": "flask", "skip_reason": "Dependency not found on PyPI"}], "fixes": []}
OURSELVES = {"dependencies": [{"name": "manager-public-ia", "skip_reason": "editable"}, *SOUND["dependencies"]]}


def answers(monkeypatch: pytest.MonkeyPatch, *given: Any) -> list[list[str]]:
    """Let pip-audit answer these one after the other: JSON, a text that is none, or a wait too long."""
    asked: list[list[str]] = []

    def run(command: list[str], timeout: int, **_options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        answer = given[len(asked) - 1]
        if answer is None:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, 0, answer if isinstance(answer, str) else json.dumps(answer), "")

    monkeypatch.setattr(vulnerabilities.subprocess, "run", run)
    return asked


@pytest.mark.parametrize("answer", [SOUND, OURSELVES])
def test_nothing_known_is_green(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    asked = answers(monkeypatch, CANARY, answer)
    assert vulnerabilities.main([]) == 0
    assert len(asked) == 2
    assert "none known" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--offline-ok"]])
def test_a_known_one_is_red_whatever_is_admitted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    answers(monkeypatch, CANARY, FAULTY)
    assert vulnerabilities.main(arguments) == 1
    assert "flask 3.1: PYSEC-2019-217; mended in 2.10.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        [None], ["no JSON"], [UNKNOWN], [{"dependencies": [], "fixes": []}], [SOUND],
        [CANARY, None], [CANARY, "<html>"], [CANARY, UNKNOWN],
    ],
    ids=[
        "too slow", "an error", "a mirror that knows no package", "an empty answer", "a service that knows no fault",
        "gone meanwhile", "a page", "packages it does not know",
    ],
)  # fmt: skip
def test_what_could_not_be_looked_up_is_never_silently_green(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: list[Any]
) -> None:
    for arguments, code in ([], 1), (["--offline-ok"], 0):
        answers(monkeypatch, *given)
        assert vulnerabilities.main(arguments) == code
        said = capsys.readouterr()
        assert "NOT CHECKED" in said.err
        assert "none known" not in said.out
