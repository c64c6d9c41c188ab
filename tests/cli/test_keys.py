"""``lms keys``: listed, replaced, revoked from a terminal."""

from tests.cli.conftest import Run


def listed(run: Run) -> dict[str, str]:
    """Key id → what it does."""
    lines = run("keys", "list").out.splitlines()
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines}


def test_keys_are_listed_rotated_and_revoked(run: Run) -> None:
    assert run("db", "upgrade").status == 0
    (first,) = listed(run)
    assert "signs from" in run("keys", "rotate").out
    after = listed(run)
    (second,) = after.keys() - {first}
    assert after == {first: "signs", second: "waits"}
    outcome = run("keys", "revoke", first, "--yes")
    assert outcome.out == f"{first} is revoked. {second} signs now.\n"
    assert listed(run) == {first: "revoked", second: "signs"}


def test_an_unknown_key_is_said_to_be_unknown(run: Run) -> None:
    assert run("db", "upgrade").status == 0
    outcome = run("keys", "revoke", "nothing", "--yes")
    assert outcome.status == 1
    assert "There is no key nothing" in outcome.err
