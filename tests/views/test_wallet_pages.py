"""A certificate goes to its holder's wallet, once, and to nobody else's."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from PIL import Image
from sqlalchemy.orm import Session

from certificates.sign import sd_jwt
from certificates.sign.compact import encoded
from certificates.sign.jose import check_jwt
from certificates.sign.token_status import INVALID, SUSPENDED, VALID, state_in
from certificates.wallet.metadata import SD_JWT, VC_JWT
from lms.app import create_app
from lms.config import Config
from lms.models import AuditEntry, Certificate, StatusList, WalletCredential, WalletNonce, WalletOffer, db, utcnow
from lms.services import issuing, wallet, wallet_offers
from lms.services.authority import Authority, open_authority, publish, sign_lists
from lms.services.sessions import open_session
from lms.worker import Worker
from tests.conftest import BASE_URL, make_config
from tests.learner_in_test import TRACK, count, earn, learner
from tests.wallet_in_test import WalletInTest, read_offer


@dataclass
class Scene:
    """A certificate, its holder's browser, and the worker that holds the keys."""

    app: Flask
    session: Session
    authority: Authority
    certificate: Certificate
    holder: FlaskClient
    worker: Worker
    page: str

    def offered(self) -> tuple[str, str]:
        """The link and the figures of a new offer, as the page shows them."""
        text = self.holder.post(self.page).text
        link, figures = re.search(r'id="offer-link">([^<]+)<', text), re.search(r'id="figures">(\d{6})<', text)
        assert link is not None
        assert figures is not None
        return link[1].replace("&#34;", '"').replace("&amp;", "&"), figures[1]

    def wallet(self) -> tuple[WalletInTest, str]:
        """A wallet that has read an offer, and the figures to type."""
        link, figures = self.offered()
        return WalletInTest(self.app.test_client(), link), figures

    def entered(self) -> WalletInTest:
        """A wallet that holds a token."""
        mine, figures = self.wallet()
        assert mine.claim(figures).status_code == 200
        return mine

    def becomes(self, status: str) -> None:
        self.certificate.status = status
        self.session.commit()


def browser(app: Flask, person_id: int) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        token = open_session(db.session(), person_id, frozenset({"learner"}), 60)
        db.session.commit()
        db.session.remove()
    with client.session_transaction() as kept:
        kept["sid"] = token
    return client


@pytest.fixture
def scene(app: Flask, session: Session, config: Config) -> Scene:
    app.config["WTF_CSRF_ENABLED"] = False
    authority = open_authority(config)
    publish(session, authority)
    row = learner(session, full_name="Ada Lovelace")
    earn(session, row)
    made = issuing.issue(session, authority, row, TRACK)
    session.execute(sa.text("delete from outbox_job"))
    session.commit()
    return Scene(app, session, authority, made, browser(app, row.person_id), Worker(app), f"/wallet/{made.id}")


def error_of(answer: Any) -> tuple[int, str]:
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_json()["error"]


def test_a_certificate_reaches_a_wallet_in_both_forms(scene: Scene) -> None:
    mine = scene.entered()
    document = scene.authority.keys.did_document()
    for configuration in (SD_JWT, VC_JWT):
        asked = mine.ask(configuration)
        assert asked.status_code == 202
        number = asked.get_json()["transaction_id"]
        waits = mine.collect(number)
        assert (waits.status_code, waits.get_json()) == (202, {"transaction_id": number, "interval": wallet.INTERVAL})
        assert scene.worker.drain() == 1
        collected = mine.collect(number)
        assert collected.status_code == 200
        (given,) = collected.get_json()["credentials"]
        text = given["credential"]
        if configuration == SD_JWT:
            claims = sd_jwt.check(text, document)
            assert claims["number"] == scene.certificate.number
            assert claims["holder"] == "Ada Lovelace"
        else:
            assert check_jwt(text, document)["credentialSubject"]["licenseNumber"] == scene.certificate.number
            claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        assert claims["cnf"]["jwk"] == {k: v for k, v in mine.key.as_dict(private=False).items() if k != "kid"}
        assert error_of(mine.collect(number)) == (400, "invalid_transaction_id"), "collected once"
    actions = scene.session.scalars(sa.select(AuditEntry.action).filter_by(target=scene.certificate.number)).all()
    assert [action for action in actions if "wallet" in action] == ["certificate_in_wallet"] * 2
    kept = scene.session.scalars(sa.select(WalletCredential.credential)).all()
    assert kept == [None, None], "nothing of it stays here"


def test_the_code_is_drawn_and_its_link_says_the_same(scene: Scene) -> None:
    from certificates.qr import png

    page = scene.holder.post(scene.page)
    assert page.status_code == 200
    link = re.search(r'id="offer-link">([^<]+)<', page.text)
    image = re.search(r'src="data:image/png;base64,([^"]+)"', page.text)
    assert link is not None
    assert image is not None
    shown = Image.open(BytesIO(base64.b64decode(image[1])))
    expected = Image.open(BytesIO(png(link[1].replace("&amp;", "&"))))
    assert shown.tobytes() == expected.tobytes()
    assert page.headers["Cache-Control"] == "no-store"
    offer = read_offer(link[1])
    assert offer["credential_issuer"] == BASE_URL
    assert offer["credential_configuration_ids"] == [SD_JWT, VC_JWT]


def test_nobody_else_may_offer_it(scene: Scene, app: Flask, admin_client: FlaskClient, platform: Any) -> None:
    other = browser(app, learner(scene.session, 2).person_id)
    for visitor in (other, admin_client, platform.launched()):
        assert visitor.get(scene.page).status_code == 404
        assert visitor.post(scene.page).status_code == 404
    assert app.test_client().get(scene.page).status_code == 401
    assert scene.holder.get("/wallet/00000000-0000-4000-8000-000000000000").status_code == 404
    app.config["WTF_CSRF_ENABLED"] = True
    assert scene.holder.post(scene.page).status_code == 400, "without the token of our own page"
    assert count(scene.session, WalletOffer) == 0


def test_wrong_figures_are_counted_and_end_the_offer(scene: Scene) -> None:
    mine, figures = scene.wallet()
    wrong = f"{(int(figures) + 1) % 10**6:06}"
    for _ in range(wallet_offers.TRIES):
        assert error_of(mine.claim(wrong)) == (400, "invalid_grant")
    assert error_of(mine.claim(figures)) == (400, "invalid_grant"), "the right one comes too late"


def test_an_offer_is_used_once_and_ends(scene: Scene) -> None:
    first, figures = scene.wallet()
    second, others = scene.wallet()
    assert error_of(first.claim(figures)) == (400, "invalid_grant"), "a new offer ends those before it"
    assert second.claim(others).status_code == 200
    assert error_of(second.claim(others)) == (400, "invalid_grant")
    third, figures = scene.wallet()
    scene.session.execute(sa.update(WalletOffer).values(expires_at=utcnow() - timedelta(seconds=1)))
    scene.session.commit()
    assert error_of(third.claim(figures)) == (400, "invalid_grant")
    assert error_of(second.ask(SD_JWT)) == (401, "invalid_token")


TOKEN_REQUESTS: list[tuple[dict[str, str], str]] = [
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": ""}, "unsupported_grant_type"),
    ({"tx_code": ""}, "invalid_request"),
    ({"pre-authorized_code": ""}, "invalid_request"),
    ({"pre-authorized_code": "x" * 5000}, "invalid_grant"),
    ({"pre-authorized_code": "é%00"}, "invalid_grant"),
    ({"tx_code": "١٢٣٤٥٦"}, "invalid_grant"),
]


def test_a_token_request_of_another_shape(scene: Scene) -> None:
    mine, figures = scene.wallet()
    for changed, error in TOKEN_REQUESTS:
        assert error_of(mine.claim(figures, **changed)) == (400, error), changed


def test_a_token_request_is_a_form_with_each_value_once(scene: Scene) -> None:
    mine, figures = scene.wallet()
    form = {"grant_type": ["a", "b"], "tx_code": figures}
    assert error_of(mine.client.post("/oid4vci/token", data=form)) == (400, "invalid_request")
    assert error_of(mine.client.post("/oid4vci/token", json={"tx_code": figures})) == (400, "invalid_request")


PROOFS: dict[str, Callable[[WalletInTest], str]] = {
    "another audience": lambda mine: mine.proof(claims={"aud": "https://evil.example"}),
    "no audience": lambda mine: mine.proof(claims={"aud": None}),
    "two audiences": lambda mine: mine.proof(claims={"aud": [BASE_URL, "https://evil.example"]}),
    "too old": lambda mine: mine.proof(claims={"iat": int(utcnow().timestamp()) - 400}),
    "of the future": lambda mine: mine.proof(claims={"iat": int(utcnow().timestamp()) + 400}),
    "endless": lambda mine: mine.proof(claims={"iat": 1e300}),
    "no instant": lambda mine: mine.proof(claims={"iat": True}),
    "another type": lambda mine: mine.proof(header={"typ": "JWT"}),
    "another's key": lambda mine: mine.proof(key=ECKey.generate_key("P-256")),
    "a secret key": lambda mine: mine.proof(header={"jwk": mine.key.as_dict(private=True)}),
    "no key": lambda mine: mine.proof(header={"jwk": {}}),
    "a key off the curve": lambda mine: mine.proof(header={"jwk": {**mine.key.as_dict(private=False), "x": "AA"}}),
    "a key elsewhere": lambda mine: mine.proof(header={"kid": "did:web:evil.example#1"}),
    "a chain": lambda mine: mine.proof(header={"x5c": ["MII"]}),
    "no signature": lambda mine: mine.proof().rpartition(".")[0] + ".",
    "not a token": lambda _mine: "a.b",
    "empty": lambda _mine: "",
}


def test_a_proof_that_does_not_hold(scene: Scene) -> None:
    mine = scene.entered()
    for name, proof in PROOFS.items():
        assert error_of(mine.ask(SD_JWT, proof(mine))) == (400, "invalid_proof"), name
    assert count(scene.session, WalletCredential) == 0


def test_a_nonce_serves_once_and_not_for_long(scene: Scene) -> None:
    mine = scene.entered()
    nonce = mine.nonce()
    assert mine.ask(SD_JWT, mine.proof(nonce)).status_code == 202
    assert error_of(mine.ask(VC_JWT, mine.proof(nonce))) == (400, "invalid_nonce")
    ends, drawn, seal = mine.nonce().split(".")
    for forged in (f"{int(ends) + 9}.{drawn}.{seal}", f"{ends}.{drawn}.{'0' * 64}", "", "é", "1.2.3", "." * 9):
        assert error_of(mine.ask(VC_JWT, mine.proof(forged))) == (400, "invalid_nonce")
    assert count(scene.session, WalletNonce) == 1


def test_an_old_nonce_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = scene.entered()
    monkeypatch.setattr(wallet, "NONCE_LIFE", timedelta(seconds=-1))
    assert error_of(mine.ask(SD_JWT)) == (400, "invalid_nonce")


REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"credential_configuration_id": "diploma"}, "unknown_credential_configuration"),
    ({"credential_configuration_id": 7}, "invalid_credential_request"),
    ({"credential_identifier": "x"}, "invalid_credential_request"),
    ({"proofs": {}}, "invalid_proof"),
    ({"proofs": {"jwt": []}}, "invalid_proof"),
    ({"proofs": {"jwt": ["a", "b"]}}, "invalid_proof"),
    ({"proofs": {"jwt": ["a"], "di_vp": [{}]}}, "invalid_proof"),
    ({"proofs": "\ud800"}, "invalid_proof"),
    ({"proofs": {"jwt": ["\ud800.\ud800.\ud800"]}}, "invalid_proof"),
    ({"proofs": {"jwt": [encoded(b"[" * 20_000) + ".e30."]}}, "invalid_proof"),
    ({"credential_response_encryption": {}}, "invalid_encryption_parameters"),
]


def test_a_credential_request_of_another_shape(scene: Scene) -> None:
    mine = scene.entered()
    for body, error in REQUESTS:
        assert error_of(mine.ask(SD_JWT, "a.b.c", **body)) == (400, error), body


def test_what_is_not_json_is_refused(scene: Scene) -> None:
    mine = scene.entered()
    headers = {"Authorization": f"Bearer {mine.token}"}
    for door, error in (
        ("credential", "invalid_credential_request"),
        ("deferred_credential", "invalid_transaction_id"),
    ):
        for data in (b"", b"{", b"[]", b"7", b"\xff", b"[" * 50_000, b" " * 100_000 + b"{}"):
            assert error_of(mine.client.post(f"/oid4vci/{door}", data=data, headers=headers)) == (400, error)


def test_a_token_opens_what_it_was_given_for_alone(scene: Scene) -> None:
    mine = scene.entered()
    number = mine.ask(SD_JWT).get_json()["transaction_id"]
    scene.worker.drain()
    theirs = scene.entered()
    for token in (theirs.token, "", "x", "é"):
        assert mine.collect(number, token).status_code in {400, 401}
        assert mine.ask(SD_JWT, token=token).status_code == (202 if token == theirs.token else 401)
    for other in (None, 7, "", "\ud800", ["a"]):
        assert error_of(mine.collect(other)) == (400, "invalid_transaction_id")
    assert mine.collect(number).status_code == 200


def test_a_wallet_that_lost_the_answer_asks_again_and_another_key_does_not(scene: Scene) -> None:
    mine = scene.entered()
    lost = mine.ask(SD_JWT).get_json()["transaction_id"]
    again = mine.ask(SD_JWT).get_json()["transaction_id"]
    key, mine.key = mine.key, ECKey.generate_key("P-256")
    assert error_of(mine.ask(SD_JWT)) == (400, "credential_request_denied")
    mine.key = key
    scene.worker.drain()
    assert error_of(mine.collect(lost)) == (400, "invalid_transaction_id")
    assert mine.collect(again).status_code == 200
    assert error_of(mine.ask(SD_JWT)) == (400, "credential_request_denied"), "one credential of each form"


@pytest.mark.parametrize("status", ["revoked", "suspended", "replaced"])
def test_a_certificate_that_no_longer_holds_goes_nowhere(scene: Scene, status: str) -> None:
    mine = scene.entered()
    number = mine.ask(SD_JWT).get_json()["transaction_id"]
    scene.becomes(status)
    assert scene.worker.drain() == 1
    assert scene.session.scalars(sa.select(WalletCredential.credential)).one() is None, "it was not signed"
    scene.session.rollback()  # holds no page back
    assert error_of(mine.collect(number)) == (400, "credential_request_denied")
    assert error_of(mine.ask(VC_JWT)) == (400, "credential_request_denied")
    refused = scene.holder.post(scene.page)
    assert refused.status_code == 409
    page = scene.holder.get(scene.page)
    assert page.status_code == 200
    assert '<form method="post" action="/wallet/' not in page.text


def test_one_revoked_between_its_offer_and_its_claim(scene: Scene) -> None:
    mine, figures = scene.wallet()
    scene.becomes("revoked")
    assert error_of(mine.claim(figures)) == (400, "invalid_grant")


def test_what_has_ended_is_removed(scene: Scene) -> None:
    mine = scene.entered()
    mine.ask(SD_JWT)
    wallet.sweep(scene.session)
    assert count(scene.session, WalletCredential) == 1
    for model in (WalletOffer, WalletNonce):
        scene.session.execute(sa.update(model).values(expires_at=utcnow() - timedelta(seconds=1)))
    wallet.sweep(scene.session)
    assert [count(scene.session, model) for model in (WalletOffer, WalletCredential, WalletNonce)] == [0, 0, 0]
    scene.session.commit()
    assert scene.worker.drain() == 1, "and the worker finds nothing to sign"


def test_no_secret_is_stored(scene: Scene) -> None:
    mine, figures = scene.wallet()
    code = next(iter(mine.offer["grants"].values()))["pre-authorized_code"]
    mine.claim(figures)
    mine.ask(SD_JWT)
    stored = ""
    for table in ("wallet_offer", "wallet_credential", "wallet_nonce", "audit_entry", "outbox_job"):
        stored += str(scene.session.execute(sa.text(f"select * from {table}")).all())
    assert code not in stored
    assert mine.token not in stored
    assert not re.search(rf"\b{figures}\b", stored)


def test_the_status_list_says_what_became_of_it(scene: Scene, client: FlaskClient) -> None:
    mine = scene.entered()
    number = mine.ask(SD_JWT).get_json()["transaction_id"]
    scene.worker.drain()
    document = scene.authority.keys.did_document()
    claims = sd_jwt.check(mine.collect(number).get_json()["credentials"][0]["credential"], document)
    place = claims["status"]["status_list"]
    for status, expected in {"valid": VALID, "suspended": SUSPENDED, "revoked": INVALID, "replaced": INVALID}.items():
        scene.becomes(status)
        now = utcnow()
        sign_lists(scene.session, scene.authority, scene.session.scalars(sa.select(StatusList)).one(), now)
        scene.session.commit()
        answer = client.get(place["uri"].removeprefix(BASE_URL))
        assert answer.headers["Content-Type"] == "application/statuslist+jwt"
        assert state_in(answer.text, place["idx"], place["uri"], document, now) == expected
    assert client.get("/status/token-99").status_code == 404


def test_the_published_documents(scene: Scene, client: FlaskClient) -> None:
    keys = client.get("/.well-known/jwt-vc-issuer").get_json()
    assert keys["issuer"] == BASE_URL
    (key,) = keys["jwks"]["keys"]
    assert key["kid"] == scene.authority.keys.method("es256")
    assert "d" not in key
    types = client.get("/oid4vci/types/certificate").get_json()
    assert types["vct"] == BASE_URL + "/oid4vci/types/certificate"
    for name in ("openid-credential-issuer", "oauth-authorization-server", "jwt-vc-issuer"):
        answer = client.get(f"/.well-known/{name}")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get(f"/.well-known/{name}/another/tenant").status_code == 404


def test_a_wallet_in_a_browser_may_ask_first(client: FlaskClient) -> None:
    asked = {"Origin": "https://wallet.example", "Access-Control-Request-Method": "POST"}
    for door in ("token", "nonce", "credential", "deferred_credential"):
        answer = client.options(f"/oid4vci/{door}", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert client.post("/oid4vci/token", data={}).headers["Access-Control-Allow-Origin"] == "*", "refusals are read too"
    assert "Access-Control-Allow-Origin" not in client.get("/verify").headers


def test_an_address_with_a_path_is_found_where_wallets_look(database_url: str, tmp_path: Path, keys_dir: Path) -> None:
    app = create_app(make_config(database_url, tmp_path, keys_dir=keys_dir, base_url="http://localhost:8000/agents"))
    client = app.test_client()
    for name in ("openid-credential-issuer", "oauth-authorization-server"):
        document = client.get(f"/.well-known/{name}/agents").get_json()
        assert "http://localhost:8000/agents" in document.values()
        assert client.get(f"/.well-known/{name}/others").status_code == 404
    with app.app_context():
        db.engine.dispose()
    app.extensions["outbound"].close()


def test_the_page_of_a_certificate_leads_there(scene: Scene) -> None:
    page = scene.holder.get(f"/certificates/{scene.certificate.id}")
    assert f'href="{scene.page}"' in page.text


def test_the_european_file(scene: Scene, client: FlaskClient) -> None:
    address = f"/credentials/{scene.certificate.id}.elm.json"
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "application/ld+json"
    assert "EuropeanDigitalCredential" in answer.get_json()["type"]
    assert client.get("/credentials/00000000-0000-4000-8000-000000000000.elm.json").status_code == 404
    assert client.get(f"/credentials/{scene.certificate.id}.json").status_code == 200, "the others stay where they were"
    scene.becomes("replaced")
    assert client.get(address).status_code == 410
