"""``lms keys``: listed, replaced, revoked from a terminal."""

from io import StringIO
from pathlib import Path

import pytest

from certificates.sign import keyring
from lms.config import load_config
from lms.services.authority import open_authority
from tests.cli.conftest import Run


def listed(run: Run) -> dict[str, str]:
    """Key id → what it does."""
    lines = [line.split("\t") for line in run("keys", "list").out.splitlines() if "\t" in line]
    return {line[0]: line[1] for line in lines}


@pytest.fixture
def keys(ready: Run, tmp_path: Path) -> Path:
    """An installation whose worker has made its keys; gives where they are."""
    config = load_config({"LMS_DATA_DIR": str(tmp_path / "var")})
    open_authority(config)
    return config.keys


def test_keys_are_listed_rotated_and_revoked(ready: Run) -> None:
    (first,) = listed(ready)
    assert "signs from" in ready("keys", "rotate").out
    after = listed(ready)
    (second,) = after.keys() - {first}
    assert after == {first: "signs", second: "waits"}
    outcome = ready("keys", "revoke", first, "--yes")
    assert outcome.out == f"{first} is revoked. {second} signs now.\n"
    assert listed(ready) == {first: "revoked", second: "signs"}


def test_an_unknown_key_is_said_to_be_unknown(run: Run, keys: Path) -> None:
    for doing in (["revoke", "nothing", "--yes"], ["retire", "nothing"], ["compromise", "nothing", "--yes"]):
        outcome = run("keys", *doing)
        assert outcome.status == 1, doing
        assert "no key nothing" in outcome.err


def test_keys_of_certificates_are_rotated_retired_and_no_longer_believed(run: Run, keys: Path) -> None:
    assert {"ed-2026-1", "rs256-2026-1", "seal-2026-1"} < listed(run).keys()
    assert "ed-2026-2, rs256-2026-2, es256-2026-2, seal-2026-2" in run("keys", "rotate", "--certificates").out
    assert run("keys", "retire", "rs256-2026-2").status == 0
    refused = run("keys", "retire", "rs256-2026-2")
    assert refused.status == 1
    assert "already" in refused.err
    outcome = run("keys", "compromise", "ed-2026-1", "--yes")
    assert "Certificates to sign again by the worker: 0." in outcome.out
    assert {key: state for key, state in listed(run).items() if "-2026-" in key} == {
        "ed-2026-1": "compromised", "ed-2026-2": "signs", "rs256-2026-1": "retired", "rs256-2026-2": "retired",
        "rs256-2026-3": "signs", "seal-2026-1": "retired", "seal-2026-2": "signs", "es256-2026-1": "retired",
        "es256-2026-2": "signs",
    }  # fmt: skip


def test_a_compromise_must_be_confirmed(run: Run, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert run("keys", "compromise", "ed-2026-1").status == 1
    assert listed(run)["ed-2026-1"] == "signs"


def test_no_keys_are_made_beside_those_of_the_worker(ready: Run, tmp_path: Path) -> None:
    for doing in (["rotate", "--certificates"], ["retire", "ed-2026-1"], ["compromise", "ed-2026-1", "--yes"]):
        outcome = ready("keys", *doing)
        assert outcome.status == 1
        assert "where the worker runs" in outcome.err
    assert not keyring.read(tmp_path / "var" / "keys").entries
    assert "where the worker runs" in ready("keys", "list").out


def test_no_secret_is_written_anywhere(run: Run, keys: Path) -> None:
    secret = keys.parent.joinpath("secret").read_text()
    said = [run("keys", *doing) for doing in (["list"], ["rotate", "--certificates"], ["retire", "ed-2026-2"])]
    for outcome in (*said, run("config")):
        assert "PRIVATE KEY" not in outcome.out + outcome.err
        assert secret not in outcome.out + outcome.err
    for file in keys.parent.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert b"BEGIN PRIVATE" not in held
            assert b"BEGIN EC PRIVATE" not in held
            assert b"BEGIN RSA PRIVATE" not in held
