"""What we sign and give to browsers and programs: under SHA-256, whichever process signs and whichever reads."""

from datetime import datetime
from hashlib import sha1, sha256
from typing import Any

import itsdangerous
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeSerializer

from lms.models.clock import utcnow

# itsdangerous signs with HMAC-SHA-1 where nothing is said, and so does Flask-WTF, which says nothing of its tokens.
itsdangerous.Signer.default_digest_method = staticmethod(sha256)


def serializer(secret: str, salt: str, *, and_before: bool = False) -> URLSafeSerializer:
    """Values signed under ``secret`` for one purpose, ``salt``; without end.

    ``and_before`` also believes what releases that used SHA-1 signed: pages stay open during an upgrade.
    """
    return URLSafeSerializer(secret, salt=salt, fallback_signers=[{"digest_method": sha1}] if and_before else None)


class Signer(TimestampSigner):
    """A signer that goes by the service's clock.

    itsdangerous refuses what was signed a second later than its own present, so that a browser whose requests go to
    two machines was signed out where their clocks differed by that. What we signed, we believe, whenever it was.
    """

    def get_timestamp(self) -> int:
        return int(utcnow().timestamp())

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """The value, with the moment it was signed when ``return_timestamp``. Raises ``itsdangerous.BadSignature``."""
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        assert isinstance(signed_at, datetime)
        if max_age is not None and (utcnow() - signed_at).total_seconds() > max_age:
            raise SignatureExpired("too old", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value
