"""Numbers of certificates: one by one in a year, past a million, whoever else gives some."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import CertificateYear, db, utcnow
from lms.services import certificates
from lms.services.authority import Authority, open_authority
from tests.issued_in_test import issue

YEAR = utcnow().year


@pytest.fixture
def authority(config: Config) -> Authority:
    return open_authority(config)


def following(session: Session) -> str:
    """The next number, given."""
    certificates.one_at_a_time(session)
    number = certificates._next_number(session, utcnow())
    session.commit()
    return number


@pytest.mark.parametrize("last", ["000007", "999999", "1000000", "1234567"])
def test_numbers_go_on_from_those_of_the_release_before(session: Session, authority: Authority, last: str) -> None:
    first = issue(session, authority)
    first.number = f"MPIA-{YEAR}-{last}"
    session.execute(sa.delete(CertificateYear))
    session.commit()
    numbers = [following(session) for _turn in range(2)]
    assert numbers == [f"MPIA-{YEAR}-{int(last) + more:06}" for more in (1, 2)]
    session.refresh(first)
    assert first.number == f"MPIA-{YEAR}-{last}"


def test_a_certificate_is_issued_with_the_number_after_a_million(session: Session, authority: Authority) -> None:
    session.add(CertificateYear(year=YEAR, last=999_998))
    session.commit()
    numbers = [issue(session, authority, number).number for number in range(1, 4)]
    assert numbers == [f"MPIA-{YEAR}-{last}" for last in ("999999", "1000000", "1000001")]


def test_numbers_that_the_release_before_gives_meanwhile_are_passed_over(
    session: Session, authority: Authority
) -> None:
    row = issue(session, authority)
    row.number = f"MPIA-{YEAR}-000002"  # counted by nobody
    session.commit()
    assert following(session) == f"MPIA-{YEAR}-000003"


def test_nobody_is_given_the_number_of_another(app: Flask) -> None:
    def give(_turn: int) -> str:
        with app.app_context():
            try:
                return following(db.session())
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(give, range(40)))
    assert sorted(given) == [f"MPIA-{YEAR}-{last:06}" for last in range(1, 41)]
