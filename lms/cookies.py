"""The signed cookie that keeps a browser's session: Flask's, with all that never changes worked out once.

Flask reads its settings, makes a signer, derives its key and compresses the value at each request, which is a tenth
of a launch. The cookie's values and the form of its signature are Flask's own; so are its objects.
"""

from hashlib import sha256
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from werkzeug.http import dump_cookie

from lms.models.signing import Signer


class _Signer(Signer):
    """A signer that derives its key once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived = super().derive_key()

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        return self._derived if secret_key is None else super().derive_key(secret_key)


class _Serializer(URLSafeTimedSerializer):
    """A serializer with one signer, which leaves values as they are: random tokens do not compress."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._only = _Signer(self.secret_keys, salt=self.salt, **self.signer_kwargs)

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        del salt  # a cookie has one
        return self._only

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(self.serializer.dumps(obj))


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions for an application whose settings and secret key no longer change, signed with HMAC-SHA-256."""

    digest_method = staticmethod(sha256)

    def __init__(self, app: Flask) -> None:
        self._serializer = _Serializer(
            str(app.secret_key), salt=self.salt, serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )  # fmt: skip
        self._name = self.get_cookie_name(app)
        empty = dump_cookie(
            self._name, domain=self.get_cookie_domain(app), path=self.get_cookie_path(app),
            secure=self.get_cookie_secure(app), httponly=self.get_cookie_httponly(app),
            samesite=self.get_cookie_samesite(app), partitioned=self.get_cookie_partitioned(app),
        )  # fmt: skip
        self._before, self._after = f"{self._name}=", empty.removeprefix(f"{self._name}=")

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        del app
        return self._serializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie when its values changed; a session that became empty takes it away."""
        if not session or getattr(session, "permanent", False):
            super().save_session(app, session, response)
            return
        # Flask-Login looks into the session for a cookie of its own after each request, those of static files too.
        if session.accessed and request.endpoint != "static":
            response.headers.add("Vary", "Cookie")
        if session.modified:
            value = self._serializer.dumps(dict(session))
            response.headers.add("Set-Cookie", self._before + value + self._after)
