"""Refusals of the machine doors."""

from collections.abc import Mapping


class Refused(Exception):
    """A service request is refused: an HTTP status and a sentence for the developer who reads it."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, str]:
        """The JSON answer."""
        return {"error": self.message}


class TokenRefused(Refused):
    """A token request is refused (RFC 6749, section 5.2); Moodle answers 400 to each of them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(400, message)
        self.code = code

    def body(self) -> dict[str, str]:
        """The OAuth 2.0 error object."""
        return {"error": self.code, "error_description": self.message}
