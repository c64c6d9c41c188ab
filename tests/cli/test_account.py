"""``lms account``: somebody comes in without an LMS, and again after losing every second factor."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from lms.app import create_app
from lms.models import db
from lms.services import guessing
from tests.cli.conftest import Run

PASSWORD = "correct horse battery"


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
    assert (outcome.status, outcome.err) == (1, "No account has this address. See « lms account create ».\n")


def test_who_must_have_a_second_factor_gets_a_code_for_the_first(ready: Run, tmp_path: Path) -> None:
    strict = {"LMS_SECOND_FACTOR_ROLES": "administrator"}
    made = ready("account", "create", "zoe@example.org", "--role", "administrator", "--password", PASSWORD, **strict)
    codes = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){5}", made.out)
    assert len(codes) == 1
    codes += re.findall(r": ([a-z2-7-]{29})\n", ready("account", "enrolment-code", "Zoe@example.org", **strict).out)
    codes += re.findall(r": ([a-z2-7-]{29})\n", ready("account", "reset-factors", "zoe@example.org", **strict).out)
    assert len(set(codes)) == 3
    engine = sa.create_engine(f"sqlite:///{tmp_path}/var/lms.sqlite3")
    with engine.begin() as connection:
        kept = connection.scalars(sa.text("select token_hash from ceremony")).all()
        assert len(kept) == 1, "each ends the one before"
        assert not set(kept) & set(codes)
        connection.execute(sa.text(
            "insert into authenticator_app (account_id, secret, created_at, confirmed_at)"
            " select id, 'x', '2026-01-01', '2026-01-01' from local_account"
        ))  # fmt: skip
    engine.dispose()
    refused = ready("account", "enrolment-code", "zoe@example.org", **strict)
    assert (refused.status, "reset-factors" in refused.err) == (1, True)
    assert "code" not in ready("account", "create", "eve@example.org", "--role", "hr", "--password", PASSWORD).out
    assert ready("account", "enrolment-code", "nobody@example.org").status == 1


def test_a_forgotten_password_is_replaced_and_sessions_end(ready: Run, tmp_path: Path) -> None:
    ready("account", "create", "zoe@example.org", "--role", "hr", "--password", PASSWORD)
    before = accounts(tmp_path)
    assert ready("account", "password", "zoe@example.org", "--password", "password 2026").status == 1
    assert accounts(tmp_path) == before
    assert ready("account", "password", "zoe@example.org", "--password", "another horse of mine").status == 0
    assert accounts(tmp_path) != before


def test_an_address_is_let_in_again(ready: Run) -> None:
    ready("account", "create", "zoe@example.org", "--role", "hr", "--password", PASSWORD)
    assert ready("account", "let-in", "zoe@example.org").out == "zoe@example.org: nothing was counted.\n"
    app = create_app()
    with app.app_context():
        guessing.about_to_try(db.session(), app.config["SECRET_KEY"], "zoe@example.org", "")
        db.session.commit()
        db.engine.dispose()
    assert ready("account", "let-in", "zoe@example.org").out == "zoe@example.org: passwords are accepted again.\n"
