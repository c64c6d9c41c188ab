"""The least an LTI tool can be: it signs in with the platform and shows what it received."""

import json
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, redirect, request
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms import ServerHandle, serve
from lms.devlms.registrations import TOOL_CONFIGURATION
from lms.devlms.tools import DEEP_LINKING
from lms.devlms.vocabulary import CLAIM, DEEP_LINKING_CLAIM, DEEP_LINKING_SPEC, JWT_BEARER, LINE_ITEM_SCOPE, SCORE_SCOPE

KID = "tool-key"
_PICKER = (
    "<!doctype html><html lang=fr><title>Choix</title><main><h1>Choisir</h1>"
    '<form method="post" action="/picked"><button>Choisir</button></form></main>'
)


class FakeTool:
    """A tool on an ephemeral port of ``localhost``, another site than ``127.0.0.1``."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.auth_url = ""
        self.launches: list[dict[str, str]] = []
        self.notices: list[str] = []
        #: What it says of itself otherwise than usual when it registers, and the platform's answer.
        self.described: dict[str, Any] = {}
        self.registered: httpx.Response | None = None
        #: What the picker answers besides what every answer holds.
        self.picked: dict[str, Any] = {}
        self.server: ServerHandle = serve(self._app(), "127.0.0.1", 0)
        self.url = f"http://localhost:{self.server.port}"

    def forget(self) -> None:
        """Be as new, for another test."""
        self.launches.clear()
        self.notices.clear()
        self.picked = {}
        self.described = {}
        self.registered = None

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

    def description(self) -> dict[str, Any]:
        """What the tool says of itself when it registers."""
        return {
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": f"{self.url}/lti/login",
            "redirect_uris": [f"{self.url}/lti/launch"],
            "client_name": "Outil inscrit",
            "jwks_uri": f"{self.url}/lti/jwks.json",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": f"{SCORE_SCOPE} {LINE_ITEM_SCOPE} openid",
            TOOL_CONFIGURATION: {
                "domain": self.url.removeprefix("http://"),
                "target_link_uri": f"{self.url}/lti/launch",
                "claims": ["iss", "sub", "name"],
                "messages": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
                "custom_parameters": {"context_history": "$Context.id.history"},
            },
        }

    def claims(self) -> dict[str, Any]:
        """The claims of the last message received."""
        claims: dict[str, Any] = jwt.decode(self.launches[-1]["id_token"], options={"verify_signature": False})
        return claims

    def answer(self, **changes: Any) -> str:
        """A deep linking answer to the last message; a change to None removes the claim."""
        request_claims, now = self.claims(), int(time.time())
        claims = {
            "iss": request_claims["aud"],
            "aud": request_claims["iss"],
            "iat": now,
            "exp": now + 300,
            "nonce": secrets.token_hex(8),
            CLAIM + "message_type": "LtiDeepLinkingResponse",
            CLAIM + "version": "1.3.0",
            CLAIM + "deployment_id": request_claims[CLAIM + "deployment_id"],
            DEEP_LINKING_SPEC + "data": request_claims[DEEP_LINKING_CLAIM].get("data"),
            DEEP_LINKING_SPEC + "content_items": [],
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm="RS256", headers={"kid": KID})

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
            claims = self.claims()
            if claims.get(CLAIM + "message_type") == DEEP_LINKING:
                return Response(_PICKER)
            return redirect("/landing", code=303)

        @app.post("/picked")
        def picked() -> str:
            """The answer of the picker: what the test wants sent, in a form that goes by itself."""
            asked = self.claims()[DEEP_LINKING_CLAIM]
            token = self.answer(**self.picked)
            return (
                f'<form method="post" action="{escape(asked["deep_link_return_url"])}" data-auto-submit>'
                f'<input type="hidden" name="JWT" value="{token}"><button>Envoyer</button></form>'
            )

        @app.get("/lti/register")
        def register() -> str:
            """Ask for consent, keeping what the platform gave."""
            kept = "".join(
                f'<input type="hidden" name="{name}" value="{escape(request.args[name])}">'
                for name in ("openid_configuration", "registration_token")
            )
            return (
                f'<main><h1>Accepter</h1><form method="post" action="/consent">{kept}<button>Oui</button></form></main>'
            )

        @app.post("/consent")
        def consent() -> Response:
            """Register with the platform and say that all is done."""
            known = httpx.get(request.form["openid_configuration"], trust_env=False).json()
            self.registered = httpx.post(
                known["registration_endpoint"],
                json={**self.description(), **self.described},
                headers={"Authorization": f"Bearer {request.form['registration_token']}"},
                trust_env=False,
            )
            return Response(
                "<!doctype html><html lang=fr><title>Inscription</title><main><h1>Terminé</h1></main>"
                '<script>parent.postMessage({subject: "org.imsglobal.lti.close"}, "*")</script>',
                self.registered.status_code,
            )

        @app.post("/lti/notices")
        def notices() -> str:
            self.notices += [each["jwt"] for each in (request.json or {})["notices"]]
            return ""

        @app.get("/landing")
        def landing() -> str:
            return (
                f"<!doctype html><html lang=fr><title>Outil</title><main><h1>Outil ouvert</h1>"
                f"<p>preuve : {request.cookies.get('proof', 'perdue')}</p></main>"
                '<script>parent.postMessage({subject: "lti.frameResize", height: 912}, "*")</script>'
            )

        return app
