"""``lms api``: programs let in from a terminal, and let in no more."""

from tests.cli.conftest import Run

MADE = ("--purpose", "Plan 2027", "--scope", "agents:read")


def test_a_client_and_a_token_are_made_listed_and_revoked(ready: Run) -> None:
    client = ready("api", "client", "SIRH", *MADE, "--scope", "budgets:read", "--whole")
    assert client.status == 0
    (_id, key), (_secret, secret) = (line.split("\t") for line in client.out.splitlines())
    assert secret.startswith("mpia_cs_")
    token = ready("api", "token", "Tableau", *MADE, "--whole", "--days", "10")
    assert "\ttoken\t" not in token.out
    assert "token\tmpia_lt_" in token.out
    listed = ready("api", "list").out
    assert f"{key}\tclient\topen\tSIRH\tagents:read budgets:read\tthe whole institution" in listed
    assert secret not in listed
    assert ready("api", "revoke", key).out == "SIRH is let in no more.\n"
    assert f"{key}\tclient\trevoked" in ready("api", "list").out
    assert ready("api", "revoke", "nobody").status == 1


def test_which_part_of_the_organisation_is_said(ready: Run) -> None:
    for reach in ((), ("--whole", "--unit", "X"), ("--unit", "NOWHERE")):
        assert ready("api", "client", "SIRH", *MADE, *reach).status == 1
    assert ready("api", "client", "SIRH", "--purpose", "p", "--scope", "answers:read", "--whole").status == 2
    assert ready("api", "client", " ", *MADE, "--whole").status == 1
    assert ready("api", "list").out == ""
