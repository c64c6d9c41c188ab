"""What a sign-in must not be taken in by, one lie or one fault of the provider at a time; and what people then read."""

import json
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from lms.models import OidcIdentity, OidcLogin, WebSession, db, utcnow
from lms.oidc import published
from lms.services import identities
from lms.services.accounts import account_named
from tests.platform_in_test import b64, jwk, rsa_key
from tests.provider_in_test import CLIENT_ID, PERSON, ProviderInTest

Lie = Callable[[ProviderInTest], Callable[[dict[str, Any]], dict[str, Any]]]


@pytest.fixture(autouse=True)
def _linked(app: Flask, account: int, provider: ProviderInTest) -> None:
    """Whoever signs in would get in, but for what each test changes."""
    with app.app_context():
        row = account_named(db.session(), PERSON["email"])
        assert row is not None
        identities.link(db.session(), row, provider.issuer, PERSON["sub"])
        db.session.commit()
        db.session.remove()


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile."""
    with capture_logs() as events:
        yield events


Logged = list[MutableMapping[str, Any]]


def refused(app: Flask, browser: FlaskClient, answer: Any, cause: str, logged: Logged) -> None:
    """The answer is a page of a refusal for that cause, and nobody is signed in."""
    assert answer.status_code in {400, 503}, answer.status_code
    assert "/account/login" in answer.text, "there is a way on"
    assert [event["cause"] for event in logged if event["event"] == "oidc_refused"] == [cause]
    logged.clear()
    assert browser.get("/hr/").status_code == 401
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(WebSession)) == 0


def with_none(said: dict[str, Any]) -> dict[str, Any]:
    body = jwt.decode(said["id_token"], options={"verify_signature": False})
    return {**said, "id_token": f"{b64(json.dumps({'alg': 'none'}))}.{b64(json.dumps(body))}."}


def with_public_key_as_secret(provider: ProviderInTest) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Algorithm confusion: HS256 keyed with what everybody can read."""
    pem = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def change(said: dict[str, Any]) -> dict[str, Any]:
        import hashlib
        import hmac

        body = jwt.decode(said["id_token"], options={"verify_signature": False})
        head = json.dumps({"alg": "HS256", "kid": provider.kid})
        signed = f"{b64(head)}.{b64(json.dumps(body))}"
        return {**said, "id_token": f"{signed}.{b64(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"}

    return change


def cut(said: dict[str, Any]) -> dict[str, Any]:
    head, _body, signature = said["id_token"].split(".")
    body = {**jwt.decode(said["id_token"], options={"verify_signature": False}), "sub": "somebody-else"}
    return {**said, "id_token": f"{head}.{b64(json.dumps(body))}.{signature}"}


NOW = int(time.time())
LIES: dict[str, tuple[str, Lie]] = {
    "another nonce": ("nonce", lambda p: p.forged(nonce="another")),
    "no nonce": ("nonce", lambda p: p.forged(nonce=None)),
    "expired": ("clock", lambda p: p.forged(exp=NOW - 3600, iat=NOW - 3700)),
    "from the future": ("clock", lambda p: p.forged(iat=NOW + 36000, exp=NOW + 39600)),
    "issued long ago": ("clock", lambda p: p.forged(iat=NOW - 36000)),
    "not begun": ("clock", lambda p: p.forged(nbf=NOW + 36000)),
    "no end": ("token_claims", lambda p: p.forged(exp=None)),
    "another audience": ("audience", lambda p: p.forged(aud="another-service")),
    "others in the audience": ("azp", lambda p: p.forged(aud=[CLIENT_ID, "another-service"])),
    "for another party": ("azp", lambda p: p.forged(azp="another-service")),
    "another issuer": ("issuer", lambda p: p.forged(iss="https://another.example.org")),
    "no subject": ("token_claims", lambda p: p.forged(sub=None)),
    "a long subject": ("token_claims", lambda p: p.forged(sub="x" * 256)),
    "another access token": ("at_hash", lambda p: p.forged(at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
    "a stranger's key": ("signature", lambda p: p.forged(rsa_key("stranger"))),
    "a key not published": ("key_unknown", lambda p: p.forged(rsa_key("stranger"), kid="nobody")),
    "an algorithm of another kind": ("key_unknown", lambda p: p.forged(generate_private_key(SECP256R1()), "ES256")),
    "changed after signing": ("signature", lambda _p: cut),
    "signed by nobody": ("algorithm_refused", lambda _p: with_none),
    "the secret as a key": ("algorithm_refused", lambda p: p.forged("a secret: +/% of tests, made longer", "HS256")),
    "the public key as a secret": ("algorithm_refused", with_public_key_as_secret),
    "no token": ("token_answer", lambda _p: lambda said: {**said, "id_token": None}),
    "no access token": ("token_answer", lambda _p: lambda said: {**said, "access_token": ""}),
    "not a bearer": ("token_answer", lambda _p: lambda said: {**said, "token_type": "mac"}),
    "not a token": ("token_malformed", lambda _p: lambda said: {**said, "id_token": "a.b"}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_signs_nobody_in(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged, lie: str
) -> None:
    cause, change = LIES[lie]
    provider.tokens = change(provider)
    refused(app, client, provider.sign_in(client), cause, logged)
    provider.tokens = lambda said: said
    assert provider.sign_in(client).status_code == 303, "the next one, true, does"


def test_an_answer_with_another_state_is_refused(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    way = provider.answer(provider.begin(client))
    code = parse_qs(urlsplit(way).query)["code"][0]
    answer = client.get(f"/account/oidc/back?code={code}&state=another")
    refused(app, client, answer, "state_unknown", logged)
    refused(app, client, client.get(f"/account/oidc/back?code={code}"), "state_unknown", logged)
    assert "/token" not in provider.asked, "its code went nowhere"


def test_an_answer_is_of_the_browser_that_began(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    """Login CSRF: an attacker's own answer, opened in the browser of somebody else."""
    way, victim = provider.answer(provider.begin(client)), app.test_client()
    provider.begin(victim)
    refused(app, victim, victim.get(way), "state_unknown", logged)
    assert "/token" not in provider.asked
    assert client.get(way).status_code == 303, "and what it opened is not used up by that"


def test_an_answer_counts_once(app: Flask, client: FlaskClient, provider: ProviderInTest) -> None:
    way = provider.answer(provider.begin(client))
    assert client.get(way).status_code == 303
    again = client.get(way)
    assert again.status_code == 400
    assert 'href="/"' in again.text, "whoever is signed in goes on"
    assert provider.asked.count("/token") == 1


def test_a_code_given_for_one_sign_in_is_no_use_in_another(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    """Code injection: PKCE ties the code to the sign-in it was given for."""
    stolen = parse_qs(urlsplit(provider.answer(provider.begin(app.test_client()))).query)["code"][0]
    state = parse_qs(urlsplit(provider.begin(client)).query)["state"][0]
    answer = client.get(f"/account/oidc/back?code={stolen}&state={state}")
    refused(app, client, answer, "code_refused", logged)


def test_a_sign_in_that_took_too_long_begins_again(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    way = provider.answer(provider.begin(client))
    with app.app_context():
        db.session.execute(update(OidcLogin).values(expires_at=utcnow()))
        db.session.commit()
    refused(app, client, client.get(way), "state_unknown", logged)


def test_an_answer_that_names_another_issuer_is_refused(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    """Mix-up (RFC 9207): the code of one provider is never sent to another."""
    way = provider.answer(provider.begin(client)) + "&iss=https%3A%2F%2Fanother.example.org"
    refused(app, client, client.get(way), "issuer", logged)
    assert "/token" not in provider.asked
    good = provider.answer(provider.begin(client)) + "&iss=" + provider.issuer
    assert client.get(good).status_code == 303


def test_a_provider_that_always_names_itself_must(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    provider.configuration = lambda said: {**said, "authorization_response_iss_parameter_supported": True}
    refused(app, client, provider.sign_in(client), "issuer", logged)


def test_somebody_the_provider_refuses_reads_so(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    provider.who = None
    answer = provider.sign_in(client)
    assert "AgentSignIn did not sign you in." in answer.text or "AgentConnexion" in answer.text
    refused(app, client, answer, "provider_refused", logged)


@pytest.mark.parametrize("query", ["error=%3Cscript%3E", "error=access_denied&error=other", "code=", ""])
def test_an_answer_that_is_none_is_refused(client: FlaskClient, provider: ProviderInTest, query: str) -> None:
    state = parse_qs(urlsplit(provider.begin(client)).query)["state"][0]
    answer = client.get(f"/account/oidc/back?state={state}&{query}")
    assert answer.status_code == 400
    assert "<script>" not in answer.text


def test_a_provider_that_is_down_is_said_to_be(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    way = provider.answer(provider.begin(client))
    provider.close()
    answer = client.get(way)
    assert answer.status_code == 503
    refused(app, client, answer, "unreachable", logged)
    app.extensions["oidc"]._published._metadata._read_at = float("-inf")  # as a day later
    answer = client.get("/account/oidc/")
    assert answer.status_code == 503
    assert client.get("/account/login").status_code == 200, "the password still signs in"


def test_a_provider_that_fails_is_asked_again_a_moment_later(
    app: Flask, client: FlaskClient, provider: ProviderInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.configuration = lambda said: {**said, "issuer": "https://another.example.org"}
    assert client.get("/account/oidc/").status_code == 400
    provider.configuration = lambda said: said
    assert client.get("/account/oidc/").status_code == 400, "the failure stands for a moment: nobody waits for it"
    assert len(provider.asked) == 1
    monkeypatch.setattr(published, "PAUSE", 0.0)
    assert provider.sign_in(client).status_code == 303


@pytest.mark.parametrize("status", [400, 500, 302])
def test_a_token_address_that_fails_signs_nobody_in(
    app: Flask, client: FlaskClient, provider: ProviderInTest, status: int, logged: Logged
) -> None:
    provider.token_status = status
    refused(app, client, provider.sign_in(client), "code_refused", logged)


def test_a_key_changed_since_is_read_again(
    client: FlaskClient, provider: ProviderInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert provider.sign_in(client).status_code == 303
    new = rsa_key("new one")
    provider.keys = lambda _said: {"keys": [jwk(new, "new")]}
    provider.tokens = provider.forged(new, kid="new")
    assert provider.sign_in(client).status_code == 400, "asked a moment ago"
    monkeypatch.setattr(published, "REFETCH", 0.0)
    assert provider.sign_in(client).status_code == 303


def test_addresses_that_may_not_be_called_are_not(client: FlaskClient, provider: ProviderInTest) -> None:
    """SSRF: what the provider publishes is called through the one guarded client."""
    provider.configuration = lambda said: {**said, "token_endpoint": "http://169.254.169.254/latest"}
    assert client.get("/account/oidc/").status_code == 400
    assert provider.asked == ["/.well-known/openid-configuration"]


def test_a_level_of_assurance_asked_for_must_be_answered(
    app: Flask, client: FlaskClient, provider: ProviderInTest, logged: Logged
) -> None:
    from dataclasses import replace

    found = app.extensions["oidc"]
    found.client = replace(found.client, acr_values=("eidas2", "eidas3"))
    assert parse_qs(urlsplit(provider.begin(client)).query)["acr_values"] == ["eidas2 eidas3"]
    provider.tokens = provider.forged(acr="eidas1")
    refused(app, client, provider.sign_in(client), "acr", logged)
    provider.tokens = provider.forged(acr="eidas2")
    assert provider.sign_in(client).status_code == 303


def test_two_answers_at_once_sign_in_once(app: Flask, client: FlaskClient, provider: ProviderInTest) -> None:
    from lms.models.database import direct_transaction
    from lms.oidc.model import OidcError
    from lms.oidc.state import consume, remember

    with app.app_context():
        with direct_transaction() as own:
            remember(own, "state", "browser", "/")
        with direct_transaction() as own:
            assert consume(own, "state", "browser") == "/"
        with direct_transaction() as own, pytest.raises(OidcError):
            consume(own, "state", "browser")
        assert db.session.scalar(select(func.count()).select_from(OidcIdentity)) == 1
