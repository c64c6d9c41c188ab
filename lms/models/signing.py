"""Signed values that end some time after they were signed, whichever process signs and whichever reads."""

from datetime import datetime
from typing import Any

from itsdangerous import SignatureExpired, TimestampSigner

from lms.models.clock import utcnow


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
