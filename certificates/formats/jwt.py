"""The credential as a compact JWT, signed RS256."""

from certificates.formats import Format
from certificates.model import Record
from certificates.sign.credential import credential, secure_jwt
from certificates.sign.keys import Keys


def render(record: Record, keys: Keys) -> bytes:
    """The JWT, in ASCII."""
    return secure_jwt(credential(record), keys).encode("ascii")


FORMAT = Format("jwt", ".jwt", "application/vc+jwt", render)
