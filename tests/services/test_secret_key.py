"""The secret key replaced in the database: all that it sealed opens with the new one, what must not change does not."""

import ast
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

import lms
from lms.models import AuthenticatorApp, EventListener, KeptKey, OidcSession, ToolKey
from lms.models.secrets import PURPOSES, cipher, derived_key
from lms.schema import upgrade
from lms.services import kept_keys, legacy, passkeys, recovery_codes, secret_key, works
from lms.services.xapi import Teller
from tests.conftest import SECRET
from tests.platform_in_test import PlatformInTest
from tests.sealed_in_test import NEW, Filled, filled, first_platform, opened, signed_in, tokens

COPY = uuid.UUID(int=7)


@pytest.fixture
def made(session: Session, platform: PlatformInTest) -> Filled:
    return filled(session, first_platform(session))


def purposes_asked() -> set[str]:
    """The purposes for which the sources seal something or derive a key, each written where it is used."""
    found: set[str] = set()
    for path in Path(lms.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        known = {
            target.id: node.value.value
            for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"cipher", "derived_key"} and path.name != "secrets.py":
                found.add(_said(node.args[1], known, f"{path.name}:{node.lineno}"))
            elif node.func.id == "kept_key":
                found.add(_said(node.args[2], known, f"{path.name}:{node.lineno}"))
    return found


def _said(node: ast.expr, known: dict[str, str], where: str) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    said = ast.unparse(node)
    # Of the sign-in, which names two; of what stays, and of what is sealed again: each goes through a whole table.
    through = {"flow.py": "purpose", "kept_keys.py": "purpose", "secret_key.py": "each.purpose"}
    if through.get(where.partition(":")[0]) == said or said == "kept_keys.PURPOSE":
        return ""
    assert said in known, f"{where}: write the purpose there, and what a replacement makes of it in PURPOSES"
    return known[said]


def test_every_purpose_says_what_a_replacement_makes_of_it() -> None:
    asked = purposes_asked() - {"", "copies"}
    assert asked | {"OIDC nonce", "OIDC verifier"} == set(PURPOSES)
    assert {each.purpose for each in secret_key.SEALED} == {name for name, fate in PURPOSES.items() if fate == "sealed"}
    assert set(kept_keys.KEPT) - {"copies"} == {name for name, fate in PURPOSES.items() if fate == "kept"}
    with pytest.raises(ValueError, match="does not say what becomes of"):
        cipher(SECRET, "something new")


def test_all_that_is_sealed_opens_with_the_new_key_and_nothing_with_the_old(session: Session, made: Filled) -> None:
    before, places = opened(session, SECRET), tokens(session)
    assert set(places) == {
        "access_token.token", "authenticator_app.secret", "event_listener.previous_secret", "event_listener.secret",
        "kept_key.sealed", "legacy_consumer.secret", "oidc_session.id_token", "tool_key.private_pem",
    }  # fmt: skip
    done = secret_key.replace(session, SECRET, NEW)
    session.commit()
    assert opened(session, NEW) == before
    after = tokens(session)
    # No place is left that the replacement does not know: neither a token of before, nor one that is not the new key's.
    assert set(after) == set(places) - {"access_token.token", "oidc_session.id_token"}
    assert not {token for each in places.values() for token in each} & {
        token for each in after.values() for token in each
    }
    assert done.sealed == sum(map(len, after.values()))
    assert list(secret_key.closed(session, NEW)) == []
    assert len(list(secret_key.closed(session, SECRET))) == sum(map(len, after.values())) - 1, "a webhook has two"


def test_what_depends_on_sessions_ends_and_the_rest_goes_on(session: Session, made: Filled) -> None:
    assert signed_in(session) == 1
    assert secret_key.replace(session, SECRET, NEW).sessions == 1
    session.commit()
    assert signed_in(session) == 0
    assert session.scalars(sa.select(OidcSession)).all() == []
    assert recovery_codes.use(session, NEW, made.account_id, made.recovery_code)
    again = secret_key.replace(session, SECRET, NEW)
    assert (again.sealed, again.sessions) == (0, 0), "it is done"


@pytest.mark.parametrize("installation", ["new", "of before"])
def test_names_handles_and_codes_do_not_change(app: Flask, session: Session, installation: str) -> None:
    if installation == "of before":
        session.execute(sa.delete(KeptKey))
        session.commit()
        upgrade(app)  # which makes keys of their own for new installations alone
        assert session.scalars(sa.select(KeptKey)).all() == []

    def names(secret: str) -> tuple[object, ...]:
        copies = kept_keys.kept_key(session, secret, "copies")
        teller = Teller("http://x", kept_keys.kept_key(session, secret, "xapi actor"))
        return works.code_of(copies, COPY), teller.account(1), passkeys._handle(session, secret, 1)

    before = names(SECRET)
    secret_key.replace(session, SECRET, NEW)
    session.commit()
    assert names(NEW) == before
    secret_key.replace(session, NEW, SECRET)
    session.commit()
    assert names(SECRET) == before


@pytest.mark.parametrize("secret", [SECRET, "x" * 64, "x" * 65, "é" * 200], ids=["short", "64", "65", "long"])
def test_without_keys_of_their_own_they_are_what_they_always_were(session: Session, secret: str) -> None:
    for table in (KeptKey, ToolKey):
        session.execute(sa.delete(table))
    same = works.code_of(secret.encode(), COPY)  # as it was made before there were any
    assert works.code_of(kept_keys.kept_key(session, secret, "copies"), COPY) == same
    assert kept_keys.kept_key(session, secret, "xapi actor") == derived_key(secret, "xapi actor")
    secret_key.replace(session, secret, NEW)
    session.flush()
    assert works.code_of(kept_keys.kept_key(session, NEW, "copies"), COPY) == same


def test_keys_of_a_new_installation_are_of_chance(session: Session) -> None:
    found = {purpose: kept_keys.kept_key(session, SECRET, purpose) for purpose in kept_keys.KEPT}
    assert len(set(found.values())) == len(kept_keys.KEPT)
    assert all(key != kept_keys.derived(SECRET, purpose) for purpose, key in found.items())


def test_many_are_sealed_a_few_at_a_time(session: Session, made: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_key, "TOGETHER", 2)
    for number in range(5):
        legacy.keep_consumer(session, first_platform(session), f"key {number}", f"secret {number}", SECRET)
    session.commit()
    secret_key.replace(session, SECRET, NEW)
    session.commit()
    assert list(secret_key.closed(session, NEW)) == []


def test_what_the_key_does_not_open_is_named_with_what_to_do(session: Session, made: Filled) -> None:
    strange = cipher("another key, long enough for a test", "webhooks").encrypt(b"x").decode()
    session.execute(sa.update(EventListener).where(EventListener.kind == "webhook").values(secret=strange))
    session.execute(sa.update(AuthenticatorApp).values(secret=strange))
    session.commit()
    app, hook = secret_key.closed(session, SECRET, NEW)
    assert "lms account reset-factors sealed@example.org" in app
    assert hook.startswith("the secret of webhook ")
    key = session.scalars(sa.select(ToolKey)).one()
    key.private_pem = strange
    session.commit()
    assert f"the LTI key {key.kid}. Replace it: lms keys revoke {key.kid}" in list(secret_key.closed(session, SECRET))
