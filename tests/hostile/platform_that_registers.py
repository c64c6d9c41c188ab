"""A platform of another make, over real HTTP, whose configuration and answers a test changes at will."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, jsonify, request

from lms.devlms import serve

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


class RegisteringPlatform:
    """It says ``configuration`` of itself, and answers ``status`` and ``answer`` to a registration."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.bearers: list[str | None] = []
        self.fetched = 0
        self.status, self.issuer = 200, ""
        self.answer: Any = None
        self.slow = 0.0
        self.app = Flask("registering_platform")
        self.app.add_url_rule("/configuration", view_func=self._configuration)
        self.app.add_url_rule("/register", view_func=self._register, methods=["POST"])

    def start(self, url: str) -> None:
        """Say that one lives at this address."""
        self.issuer = url
        self.configuration: Any = {
            "issuer": url, "authorization_endpoint": f"{url}/auth", "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/jwks", "registration_endpoint": f"{url}/register",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "id_token_signing_alg_values_supported": ["RS256"],
            PLATFORM: {"product_family_code": "moodle", "version": "5.0", "messages_supported": [
                {"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}]},
        }  # fmt: skip
        self.status, self.answer = 200, {"client_id": "client-1", TOOL: {"deployment_id": "7"}}

    @property
    def url(self) -> str:
        """Where its configuration is."""
        return f"{self.issuer}/configuration"

    def _configuration(self) -> Response:
        self.fetched += 1
        return jsonify(self.configuration)

    def _register(self) -> Response:
        time.sleep(self.slow)
        self.asked.append(request.get_json())
        self.bearers.append(request.headers.get("Authorization"))
        if isinstance(self.answer, str):
            return Response(self.answer, self.status, content_type="text/plain")
        answer = jsonify(self.answer)
        answer.status_code = self.status
        return answer


@contextmanager
def registering_platform() -> Iterator[RegisteringPlatform]:
    """One that listens on the loopback."""
    platform = RegisteringPlatform()
    handle = serve(platform.app, "127.0.0.1", 0)
    platform.start(handle.url)
    try:
        yield platform
    finally:
        handle.stop()
