"""The least an LTI tool can be: it signs in with the platform and shows what it received."""

import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, redirect, request
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms import ServerHandle, serve
from lms.devlms.vocabulary import JWT_BEARER

KID = "tool-key"


class FakeTool:
    """A tool on an ephemeral port of ``localhost``, another site than ``127.0.0.1``."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.auth_url = ""
        self.launches: list[dict[str, str]] = []
        self.server: ServerHandle = serve(self._app(), "127.0.0.1", 0)
        self.url = f"http://localhost:{self.server.port}"

    def assertion(self, audience: str, client_id: str = "tool-1", **changes: Any) -> str:
        """A client assertion; a change to None removes the claim."""
        now, kid = int(time.time()), changes.pop("kid", KID)
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_hex(8),
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm="RS256", headers={"kid": kid} if kid else None)

    def token_request(self, token_url: str, scope: str, **changes: Any) -> dict[str, str]:
        """The form of a token request."""
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.assertion(token_url, **changes),
            "scope": scope,
        }

    def _app(self) -> Flask:
        app = Flask("fake_tool")

        @app.get("/lti/jwks.json")
        def keys() -> Response:
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            return jsonify(keys=[{**public, "kid": KID, "alg": "RS256", "use": "sig"}])

        @app.route("/lti/login", methods=["GET", "POST"])
        def login() -> BaseResponse:
            asked = {
                "scope": "openid",
                "response_type": "id_token",
                "response_mode": "form_post",
                "prompt": "none",
                "client_id": request.values["client_id"],
                "redirect_uri": request.values["target_link_uri"],
                "login_hint": request.values["login_hint"],
                "lti_message_hint": request.values["lti_message_hint"],
                "state": "state-1",
                "nonce": "nonce-1",
            }
            answer = redirect(f"{self.auth_url}?{urlencode(asked)}")
            answer.set_cookie("proof", "kept", secure=True, samesite="None", partitioned=True)
            return answer

        @app.post("/lti/launch")
        def launch() -> BaseResponse:
            self.launches.append(request.form.to_dict())
            return redirect("/landing", code=303)

        @app.get("/landing")
        def landing() -> str:
            return (
                f"<!doctype html><html lang=fr><title>Outil</title><main><h1>Outil ouvert</h1>"
                f"<p>preuve : {request.cookies.get('proof', 'perdue')}</p></main>"
                '<script>parent.postMessage({subject: "lti.frameResize", height: 912}, "*")</script>'
            )

        return app
