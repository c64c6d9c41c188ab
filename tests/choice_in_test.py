"""Deep linking requests of a platform in test, and what it is answered."""

from copy import copy
from typing import Any

import jwt
from flask import Flask

from lms.models import db
from lms.pages import tool_keys
from tests.platform_in_test import ABSENT, CLAIM, Answer, Client, PlatformInTest, field, form_token, merged, trainer

DL_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
DL_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"


def request_claims(platform: PlatformInTest, **settings: Any) -> dict[str, Any]:
    """The claims of a trainer's deep linking request, its settings changed."""
    asked = {
        "deep_link_return_url": f"https://{platform.host}/return?course=3&id=1",
        "accept_types": ["ltiResourceLink"], "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_multiple": True, "accept_lineitem": True, "data": "as-it-came:é&<>",
    }  # fmt: skip
    return trainer(
        message_type="LtiDeepLinkingRequest", resource_link=ABSENT, custom=ABSENT, ags=ABSENT,
        **{DL_SETTINGS: merged(asked, settings)},
    )  # fmt: skip


class Choice:
    """A trainer choosing content in a browser of their own."""

    def __init__(self, platform: PlatformInTest, client: Client = None, **settings: Any) -> None:
        self.platform, self.client = platform, client or platform.app.test_client()
        begun = platform.launch(self.client, **request_claims(platform, **settings))
        assert begun.status_code == 303, begun.text
        self.url = begun.location

    def seen_by(self, other: Client) -> "Choice":
        """The same addresses, asked for by another browser."""
        twin = copy(self)
        twin.client = other
        return twin

    def open(self, path: str = "", **query: Any) -> Answer:
        """A page of the choice."""
        return self.client.get(self.url + path, query_string=query)

    def place(self, *keys: str, **more: Any) -> Answer:
        """Confirm a choice."""
        return self._post("/place", {"pick": list(keys), **more})

    def cancel(self) -> Answer:
        """Choose nothing."""
        return self._post("/cancel", {})

    def token(self) -> str:
        """A form token of this browser, from a page that stays open to it."""
        return form_token(self.client.get("/verify"))

    def _post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self.client.post(self.url + path, data={"csrf_token": self.token(), **fields})


def answered(app: Flask, page: Answer, issuer: str = "https://lms.example.org") -> dict[str, Any]:
    """The claims of the answer on a page, its signature checked with the keys we publish."""
    assert page.status_code == 200, page.text
    token = field(page, "JWT")
    with app.app_context():
        keys = jwt.PyJWKSet.from_dict(tool_keys().public(db.session()))
        db.session.remove()
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=issuer, options={"require": ["exp", "iat", "nonce", "iss", "aud"]}
    )
    return {name.removeprefix(DL_CLAIM).removeprefix(CLAIM): value for name, value in claims.items()}
