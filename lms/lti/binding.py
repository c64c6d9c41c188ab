"""Proof that a message comes back to the browser that began: what stands in when it keeps no cookie (LTI.md R5).

The first proof is a cookie. Where a browser refuses ours in a frame, our page keeps another in its own storage and in
the platform's (LTI Platform Storage 1.0), and brings it with the message. It is worth nothing brought by another site.
"""

import hashlib
import hmac
import re

from lms.models.secrets import derived_key, hashed, same

#: Frames of the platform we can name to a script: its own window, or a frame by a plain name.
_TARGET = re.compile(r"_parent|[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def proof_of(state: str, secret: str) -> str:
    """The proof that goes with a state, hexadecimal; only the service can make it."""
    return hmac.new(derived_key(secret, "login proof"), state.encode(), hashlib.sha256).hexdigest()


def proven(proof: str, state: str, secret: str) -> bool:
    """Whether that is the proof of that state."""
    return same(proof, proof_of(state, secret))


def storage_key(state: str) -> str:
    """The name under which the proof is kept; it shows nothing of the state."""
    return "mpia-" + hashed(state)[:32]


def storage_target(given: str) -> str | None:
    """The platform's storage frame as announced at login, if it is one a script may be told (LTI.md L11)."""
    return given if _TARGET.fullmatch(given) else None
