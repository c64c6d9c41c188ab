"""However many ask at once, an offer gives one token, its tries are counted together, a credential leaves once."""

from collections.abc import Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.wallet.metadata import PRE_AUTHORIZED, SD_JWT, VC_JWT
from lms.config import Config
from lms.models import Certificate, TokenStatusList, WalletCredential, WalletOffer
from lms.services import issuing, verification, wallet, wallet_offers
from lms.services.authority import Authority, open_authority, publish
from lms.services.wallet_offers import Denied, Offered
from tests.conftest import BASE_URL, SECRET
from tests.learner_in_test import TRACK, earn, learner, together
from tests.wallet_in_test import proof_of


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    publish(session, authority)
    row = learner(session, full_name="Ada Lovelace")
    earn(session, row)
    made = issuing.issue(session, authority, row, TRACK)
    session.commit()
    return made


@pytest.fixture
def offered(session: Session, issued: Certificate) -> Offered:
    made = wallet_offers.offer(session, SECRET, issued)
    session.commit()
    return made


def claims(offered: Offered, figures: str | None = None) -> Callable[[Session], str | None]:
    """Claims as a request does: what is refused is committed too."""
    form = {
        "grant_type": PRE_AUTHORIZED, "pre-authorized_code": offered.code, "tx_code": figures or offered.figures,
    }  # fmt: skip

    def claim(session: Session) -> str | None:
        token = None
        with suppress(Denied):
            token = wallet_offers.claim(session, SECRET, form)
        session.commit()
        return token

    return claim


def test_of_many_who_claim_one_has_the_token(app: Flask, offered: Offered) -> None:
    assert sum(token is not None for token in together(app, [claims(offered)] * 6)) == 1


def test_tries_at_the_same_time_are_counted_together(app: Flask, session: Session, offered: Offered) -> None:
    wrong = f"{(int(offered.figures) + 1) % 10**6:06}"
    assert set(together(app, [claims(offered, wrong)] * 8)) == {None}
    assert session.scalars(sa.select(WalletOffer.tries)).one() == wallet_offers.TRIES
    session.rollback()
    assert claims(offered)(session) is None


def signed(session: Session, authority: Authority, offered: Offered, configuration: str) -> tuple[str, str]:
    """The token and number with which a credential may now be collected."""
    token = claims(offered)(session)
    assert token is not None
    proof = proof_of(BASE_URL, wallet.new_nonce(SECRET))
    wanted = {"credential_configuration_id": configuration, "proofs": {"jwt": [proof]}}
    number = wallet.ask(session, SECRET, BASE_URL, token, wanted)
    wallet.sign(session, authority, session.scalars(sa.select(WalletCredential.id)).one())
    session.commit()
    return token, number


def test_a_credential_leaves_once(app: Flask, session: Session, authority: Authority, offered: Offered) -> None:
    token, number = signed(session, authority, offered, SD_JWT)

    def collect(own: Session) -> str | None:
        given = None
        with suppress(Denied):
            given = wallet.collect(own, token, number)
        own.commit()
        return given

    assert sum(given is not None for given in together(app, [collect] * 4)) == 1


def test_signing_again_changes_nothing(session: Session, authority: Authority, offered: Offered) -> None:
    signed(session, authority, offered, SD_JWT)
    row = session.scalars(sa.select(WalletCredential)).one()
    before = row.credential
    wallet.sign(session, authority, row.id)
    assert row.credential == before
    wallet.sign(session, authority, row.id + 1)  # gone meanwhile


def test_a_list_signed_by_an_earlier_release_gets_its_token(
    session: Session, authority: Authority, offered: Offered
) -> None:
    session.execute(sa.delete(TokenStatusList))
    session.commit()
    signed(session, authority, offered, SD_JWT)
    assert session.scalars(sa.select(TokenStatusList.token)).one()


def test_the_page_reads_what_a_wallet_holds(session: Session, authority: Authority, offered: Offered) -> None:
    token, number = signed(session, authority, offered, VC_JWT)
    text = wallet.collect(session, token, number)
    assert text is not None
    verdict, known = verification.judge(session, text.encode(), BASE_URL)
    assert verdict.state == "valid"
    assert known is not None
    changed = text[:-6] + "AAAAAA"
    assert verification.judge(session, changed.encode(), BASE_URL)[0].state == "modified"
