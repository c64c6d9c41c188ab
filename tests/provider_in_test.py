"""A real OpenID provider on loopback: pyop, over HTTP, with ProConnect's claims; it lies only where a test tells it to.

It shares no code with our side: pyop reads the request, checks PKCE, the client's secret and the addresses registered,
and signs with pyjwkest.
"""

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask, Response, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from jwkest.jwk import RSAKey
from oic.oic.message import EndSessionRequest
from pyop.authz_state import AuthorizationState
from pyop.exceptions import InvalidClientAuthentication, OAuthError
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo
from werkzeug.serving import make_server

from tests.platform_in_test import rsa_key

CLIENT_ID = "formation"
#: With what must be encoded in a header.
CLIENT_SECRET = "a secret: +/% of tests"
TOOL = "http://localhost:8000"
#: A fictitious person, as ProConnect describes one.
PERSON = {
    "sub": "0f2a6c3e-agent-of-tests", "given_name": "Agente", "usual_name": "Exemple", "email": "agente@example.org",
    "uid": "uid-of-tests", "siret": "00000000000000",
}  # fmt: skip

Change = Callable[[dict[str, Any]], dict[str, Any]]


def as_it_is(said: dict[str, Any]) -> dict[str, Any]:
    """No change."""
    return said


class ProviderInTest:
    """The provider, and what it is told to do. ``who`` is signed in there; nobody when None."""

    def __init__(self, name: str = "provider", auth_method: str = "client_secret_basic") -> None:
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self.key, self.kid = rsa_key(name), f"key-of-{name}"
        self.people: dict[str, dict[str, Any]] = {"agente": dict(PERSON)}
        self.who: str | None = "agente"
        #: The addresses that were asked, and the last request for a sign-in.
        self.asked: list[str] = []
        #: What is done to the configuration, keys, tokens, and user information before they are given.
        self.configuration, self.keys, self.tokens, self.told = as_it_is, as_it_is, as_it_is, as_it_is
        #: Whether user information comes signed, as at ProConnect; and with which status the token address answers.
        self.signs_userinfo, self.token_status = True, 0
        self.signed_out = 0
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.provider = Provider(
            RSAKey(key=RSA.import_key(pem), kid=self.kid, use="sig", alg="RS256"),
            {
                "issuer": "https://loopback.example.org",
                "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token",
                "jwks_uri": self.issuer + "/jwks",
                "userinfo_endpoint": self.issuer + "/userinfo",
                "end_session_endpoint": self.issuer + "/logout",
                "scopes_supported": ["openid", "email"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "token_endpoint_auth_methods_supported": [auth_method],
            },
            AuthorizationState(HashBasedSubjectIdentifierFactory("salt")),
            {
                CLIENT_ID: {
                    "client_secret": CLIENT_SECRET,
                    "redirect_uris": [TOOL + "/account/oidc/back"],
                    "post_logout_redirect_uris": [TOOL + "/account/login"],
                    "response_types": ["code"],
                    "token_endpoint_auth_method": auth_method,
                }
            },
            Userinfo(self.people),
            extra_scopes={name: [name] for name in ("given_name", "usual_name", "uid", "siret")},
        )
        # pyop asks for https, and rightly; on loopback there is no certificate to trust.
        self.provider.configuration_information["issuer"] = self.issuer
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def settings(self, **more: Any) -> dict[str, Any]:
        """The service's settings for this provider."""
        return {
            "oidc_issuer": self.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET,
            "oidc_name_fr": "AgentConnexion", "oidc_name_en": "AgentSignIn", **more,
        }  # fmt: skip

    def begin(self, browser: Any, path: str = "/account/oidc/") -> str:
        """Where the service sends a browser to sign in."""
        answer = browser.get(path)
        assert answer.status_code == 302, answer.text
        assert answer.location.startswith(self.issuer), answer.location
        return str(answer.location)

    def answer(self, location: str) -> str:
        """The path, with its query, that this provider sends the browser back to."""
        back = httpx.get(location, follow_redirects=False, trust_env=False)
        assert back.status_code in {302, 303}, back.text
        assert back.headers["Location"].startswith(TOOL)
        parts = urlsplit(back.headers["Location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, browser: Any, path: str = "/account/oidc/") -> Any:
        """The whole way: to the provider, and what the service answers after it."""
        return browser.get(self.answer(self.begin(browser, path)))

    def forged(self, key: Any = None, algorithm: str = "RS256", kid: str | None = None, **claims: Any) -> Change:
        """Sign the id token again, claims changed (None: left out), with this key or the provider’s own."""

        def change(said: dict[str, Any]) -> dict[str, Any]:
            body = {**jwt.decode(said["id_token"], options={"verify_signature": False}), **claims}
            body = {name: value for name, value in body.items() if value is not None}
            return {**said, "id_token": self.signed(body, key, algorithm, kid)}

        return change

    def signed(self, body: dict[str, Any], key: Any = None, algorithm: str = "RS256", kid: str | None = None) -> str:
        """A token of this provider, or one that says it is."""
        return jwt.encode(body, self.key if key is None else key, algorithm, {"kid": kid or self.kid})

    def _app(self) -> Flask:
        app = Flask("provider")
        app.before_request(lambda: self.asked.append(request.path))
        for path, view, method in (
            ("/.well-known/openid-configuration", self._configuration, "GET"), ("/jwks", self._jwks, "GET"),
            ("/authorize", self._authorize, "GET"), ("/token", self._token, "POST"),
            ("/userinfo", self._userinfo, "GET"), ("/logout", self._logout, "GET"),
        ):  # fmt: skip
            app.add_url_rule(path, view.__name__, view, methods=[method])
        return app

    def _configuration(self) -> ResponseReturnValue:
        return jsonify(self.configuration(self.provider.provider_configuration.to_dict()))

    def _jwks(self) -> ResponseReturnValue:
        return jsonify(self.keys(self.provider.jwks))

    def _authorize(self) -> ResponseReturnValue:
        asked = self.provider.parse_authentication_request(request.query_string.decode())
        if self.who is None:
            return redirect(f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}")
        assert asked["code_challenge_method"] == "S256"
        return redirect(self.provider.authorize(asked, self.who).request(asked["redirect_uri"]))

    def _token(self) -> ResponseReturnValue:
        if self.token_status:
            abort(self.token_status)
        try:
            said = self.provider.handle_token_request(request.get_data(as_text=True), request.headers)
        except InvalidClientAuthentication as error:
            return jsonify(error=error.oauth_error), 401
        except OAuthError as error:
            return jsonify(error=error.oauth_error), 400
        return jsonify(self.tokens(said.to_dict()))

    def _userinfo(self) -> ResponseReturnValue:
        said = self.provider.handle_userinfo_request("", request.headers).to_dict()
        if not self.signs_userinfo:
            return jsonify(self.told(said))
        now = int(time.time())
        body = {**said, "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60}
        return Response(self.signed(self.told(body)), mimetype="application/jwt")

    def _logout(self) -> ResponseReturnValue:
        asked = EndSessionRequest().deserialize(request.query_string.decode())
        self.provider.logout_user(end_session_request=asked)
        self.signed_out += 1
        return redirect(self.provider.do_post_logout_redirect(asked) or abort(400))
