"""Calls to the services of the development LMS, as a well-behaved tool makes them."""

from collections.abc import Mapping
from typing import Any

import jwt
from devlms_fake_tool import FakeTool
from flask.testing import FlaskClient

from lms.devlms import DevLmsSettings
from lms.devlms.forms import forms
from lms.devlms.vocabulary import LINE_ITEM_MEDIA, SCOPES, SCORE_MEDIA


def auth_request(sent: Mapping[str, str], settings: DevLmsSettings, **changes: str) -> dict[str, str]:
    """The authentication request that answers a login initiation."""
    return {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": sent["client_id"],
        "redirect_uri": settings.launch_url,
        "login_hint": sent["login_hint"],
        "lti_message_hint": sent["lti_message_hint"],
        "state": "s",
        "nonce": "n",
        **changes,
    }


def message(client: FlaskClient, settings: DevLmsSettings, page: str) -> dict[str, Any]:
    """The claims of the message that a page of the LMS sends to the tool."""
    sent = forms(client.get(page).text)[0].fields
    answered = forms(client.get("/auth", query_string=auth_request(sent, settings)).text)[0]
    claims: dict[str, Any] = jwt.decode(answered.fields["id_token"], options={"verify_signature": False})
    return claims


class Services:
    """The services, with a token for every scope."""

    def __init__(self, client: FlaskClient, tool: FakeTool, *more_scopes: str) -> None:
        self.client = client
        answer = client.post(
            "/token", data=tool.token_request("http://localhost/token", " ".join((*SCOPES, *more_scopes)))
        )
        assert answer.json is not None
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
        self.column = "/services/ags/2/lineitems/1/lineitem"

    def get(self, path: str, accept: str = "*/*") -> Any:
        return self.client.get(path, headers={**self.headers, "Accept": accept})

    def post_item(self, **body: Any) -> Any:
        return self.client.post(
            "/services/ags/2/lineitems", json=body, headers=self.headers, content_type=LINE_ITEM_MEDIA
        )

    def score(self, media: str = SCORE_MEDIA, **changes: Any) -> Any:
        body = {
            "userId": "11",
            "timestamp": "2026-11-02T09:00:00.000Z",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 8,
            "scoreMaximum": 10,
            **changes,
        }
        sent = {name: value for name, value in body.items() if value is not None}
        return self.client.post(f"{self.column}/scores", json=sent, headers=self.headers, content_type=media)

    def grade(self) -> Any:
        """The grade of the first learner in the first column, None without any."""
        results = self.get(f"{self.column}/results").json
        return results[0]["resultScore"] if results else None
