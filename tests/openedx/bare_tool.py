"""A tool reduced to the protocol, and sharing nothing with ours: what it hears is what the platform says."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lms.devlms.client import forms
from tests.openedx.edx import HTTP, Block, OpenEdx
from tests.platform_in_test import AGS, rsa_key

#: Nobody listens there: no page of this tool is ever opened.
URL = "https://tool.example.org"
LAUNCH_URL = f"{URL}/lti/launch"
SCOPE = "https://purl.imsglobal.org/spec/"
LINE_ITEM = SCOPE + "lti-ags/scope/lineitem"
LINE_ITEM_READ = SCOPE + "lti-ags/scope/lineitem.readonly"
RESULT = SCOPE + "lti-ags/scope/result.readonly"
SCORE = SCOPE + "lti-ags/scope/score"
ROSTER = SCOPE + "lti-nrps/scope/contextmembership.readonly"
NRPS = SCOPE + "lti-nrps/claim/namesroleservice"
DEEP_LINKING = SCOPE + "lti-dl/claim/"
LINE_ITEM_MEDIA = "application/vnd.ims.lis.v2.lineitem+json"
SCORE_MEDIA = "application/vnd.ims.lis.v1.score+json"
#: The moment of its first scores.
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


class BareTool:
    """One placement of the tool, and what it asks of the platform."""

    def __init__(self, edx: OpenEdx, course: str = "", **fields: Any) -> None:
        self.edx, self.key = edx, rsa_key("bare tool")
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        keys = {
            "lti_1p3_tool_key_mode": "public_key",
            "lti_1p3_tool_public_key": pem,
            "lti_1p3_tool_keyset_url": "",
        }
        self.block: Block = edx.block(URL, course, **{**keys, **fields})
        self._client = httpx.Client(**HTTP)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def login(self, username: str, *, deep_link: bool = False) -> dict[str, str]:
        """What the platform sends to begin a launch."""
        url = self.edx.deep_link_url(username, self.block) if deep_link else self.edx.login_url(username, self.block)
        assert url.startswith(f"{URL}/lti/login?")
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}

    def authenticate(self, username: str, login: dict[str, str], method: str = "GET", **changes: str) -> httpx.Response:
        """The platform's answer to the authentication request of a login."""
        asked = {
            "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
            "client_id": login["client_id"], "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"], "redirect_uri": LAUNCH_URL, "state": "a state",
            "nonce": uuid4().hex, **changes,
        }  # fmt: skip
        client = self.edx.browser(username).client
        if method == "GET":
            return client.get(self.block.auth_url, params=asked)
        return client.post(self.block.auth_url, data=asked)

    def launch(self, username: str, method: str = "GET", *, deep_link: bool = False) -> dict[str, Any]:
        """The claims of a whole launch, their signature checked with the platform's keys."""
        page = self.authenticate(username, self.login(username, deep_link=deep_link), method)
        assert page.status_code == 200, page.text
        form = forms(page.text)[0]
        assert (form.action, form.method, form.fields["state"]) == (LAUNCH_URL, "post", "a state")
        return self.claims(form.fields["id_token"])

    def claims(self, token: str) -> dict[str, Any]:
        """What a message says, when this platform signed it for this tool."""
        (key,) = self._client.get(self.block.jwks_url).raise_for_status().json()["keys"]
        assert jwt.get_unverified_header(token)["kid"] == key["kid"]
        claims: dict[str, Any] = jwt.decode(
            token, jwt.PyJWK(key, "RS256"), ["RS256"], audience=self.block.client_id, issuer=self.block.issuer
        )
        return claims

    def ask_token(self, *scopes: str, **changes: str) -> httpx.Response:
        """The answer to a request for an access token."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.sign({"sub": self.block.client_id, "aud": self.block.token_url}),
            "scope": " ".join(scopes),
            **changes,
        }
        return self._client.post(self.block.token_url, data=form)

    def call(
        self, method: str, url: str, scope: str, *, json: Any = None, accept: str = "*/*", media: str = ""
    ) -> httpx.Response:
        """A service's answer, asked with a token for that scope."""
        token = self.ask_token(scope).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": accept}
        return self._client.request(
            method, url, json=json, headers=headers | ({"Content-Type": media} if media else {})
        )

    def score(self, column: str, *, moment: datetime = NOW, **changes: Any) -> httpx.Response:
        """The answer to a score of Ada's: 40 of 80."""
        score = {
            "userId": self.edx.members(self.block.course)["ada"]["sub"], "timestamp": moment.isoformat(),
            "scoreGiven": 40, "scoreMaximum": 80, "activityProgress": "Completed", "gradingProgress": "FullyGraded",
            **changes,
        }  # fmt: skip
        return self.call("POST", f"{column}/scores", SCORE, json=score, media=SCORE_MEDIA)

    def make_column(self, **changes: Any) -> httpx.Response:
        """The answer to a column the tool makes for its block."""
        item = {"label": "Décideurs", "scoreMaximum": 100, "resourceLinkId": self.block.location, **changes}
        return self.call("POST", self.launch("ada")[AGS]["lineitems"], LINE_ITEM, json=item, media=LINE_ITEM_MEDIA)

    def columns_url(self) -> str:
        """Where the block's columns are, whatever its page opens."""
        url = self.deep_link_return_url(self.launch("thea", deep_link=True))
        return url.replace("/lti-dl/response", "/lti-ags")

    @staticmethod
    def deep_link_return_url(request: dict[str, Any]) -> str:
        """Where a deep linking request wants its answer."""
        url: str = request[DEEP_LINKING + "deep_linking_settings"]["deep_link_return_url"]
        return url

    def respond(self, username: str, request: dict[str, Any], items: list[dict[str, Any]]) -> httpx.Response:
        """Send chosen content back, through the person's browser."""
        claim = "https://purl.imsglobal.org/spec/lti/claim/"
        message = self.sign(
            {
                "aud": self.block.issuer, "nonce": uuid4().hex, claim + "version": "1.3.0",
                claim + "deployment_id": self.block.deployment_id, claim + "message_type": "LtiDeepLinkingResponse",
                DEEP_LINKING + "content_items": items,
            }
        )  # fmt: skip
        url = self.deep_link_return_url(request)
        return self.edx.browser(username).client.post(url, data={"JWT": message})

    def sign(self, claims: dict[str, Any]) -> str:
        """A message of this tool."""
        now = int(time.time())
        body = {"iss": self.block.client_id, "iat": now, "exp": now + 60, "jti": uuid4().hex, **claims}
        return jwt.encode(body, self.key, "RS256", {"kid": "bare"})


#: How tests place a bare tool: the course, then changed fields of its block.
Place = Callable[..., BareTool]
