"""``lms account``: somebody comes in without an LMS, and again after losing every second factor."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Run

PASSWORD = "correct horse battery"


@pytest.fixture
def ready(run: Run) -> Run:
    """The command, on a database of this release."""
    assert run("db", "upgrade").status == 0
    return run


def accounts(folder: Path) -> list[tuple[str, str]]:
    """Address and password as kept."""
    engine = sa.create_engine(f"sqlite:///{folder}/var/lms.sqlite3")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text("select email, password_hash from local_account"))]
    engine.dispose()
    return found


def test_an_account_is_made_and_its_password_is_not_kept(ready: Run, tmp_path: Path) -> None:
    roles = ("--role", "hr", "--role", "administrator")
    outcome = ready("account", "create", "Zoe@Example.org", *roles, "--name", "Zoé", "--password", PASSWORD)
    assert (outcome.status, outcome.out) == (0, "Zoe@Example.org: hr, administrator\n")
    ((email, kept),) = accounts(tmp_path)
    assert email == "zoe@example.org"
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("zoe", PASSWORD, "This is not an e-mail address."),
        ("zoe@example.org", "too short", "A password has at least 12 characters."),
    ],
)
def test_what_cannot_be_an_account_is_refused(ready: Run, tmp_path: Path, email: str, password: str, said: str) -> None:
    outcome = ready("account", "create", email, "--role", "hr", "--password", password)
    assert (outcome.status, outcome.err) == (1, said + "\n")
    assert accounts(tmp_path) == []


def test_an_address_has_one_account(ready: Run, tmp_path: Path) -> None:
    for address, status in (("zoe@example.org", 0), (" ZOE@example.org", 1)):
        assert ready("account", "create", address, "--role", "hr", "--password", PASSWORD).status == status
    assert len(accounts(tmp_path)) == 1


def test_a_role_is_one_of_those_known(run: Run) -> None:
    outcome = run("account", "create", "zoe@example.org", "--role", "minister", "--password", PASSWORD)
    assert outcome.status == 2
    assert "'minister' is not one of" in outcome.err


def test_lost_factors_are_reset_and_the_journal_says_so(ready: Run, tmp_path: Path) -> None:
    ready("account", "create", "zoe@example.org", "--role", "hr", "--password", PASSWORD)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/var/lms.sqlite3")
    with engine.begin() as connection:
        for row in (
            "insert into authenticator_app (account_id, secret, created_at, confirmed_at)"
            " select id, 'x', '2026-01-01', '2026-01-01' from local_account",
            "insert into recovery_code (account_id, code_hash) select id, 'x' from local_account",
            "insert into web_session (token_hash, person_id, roles, created_at, expires_at)"
            " select 'x', person_id, '[]', '2026-01-01', '2096-01-01' from local_account",
        ):
            connection.execute(sa.text(row))
    assert ready("account", "reset-factors", " Zoe@example.org").status == 0
    with engine.connect() as connection:
        for table in ("authenticator_app", "recovery_code", "web_session"):
            assert connection.scalar(sa.text(f"select count(*) from {table}")) == 0
        said = connection.scalars(sa.text("select action from audit_entry where action like 'account.%'")).all()
    engine.dispose()
    assert said == ["account.factors_reset"]


def test_factors_of_nobody_are_not_reset(ready: Run) -> None:
    outcome = ready("account", "reset-factors", "nobody@example.org")
    assert (outcome.status, outcome.err) == (1, "No account has this address. Check it.\n")
