"""Token Status List: what the ``status`` claim of an SD-JWT VC leads to; the same entries as the Bitstring lists.

Source: Token Status List (IETF, draft-ietf-oauth-status-list), sections 4, 5 and 7. SD-JWT VC knows this form of list
alone, and W3C credentials the other: one index of a certificate stands in both.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jws

from certificates.sign.compact import decoded, encoded, read_compact
from certificates.sign.keys import Keys
from certificates.sign.sd_jwt import check_signature
from certificates.sign.trust import ProofError
from certificates.status import ENTRIES, LIFE

MEDIA_TYPE = "application/statuslist+jwt"
VALID, INVALID, SUSPENDED = 0, 1, 2
_BITS = 2
_PER_BYTE = 8 // _BITS
#: How long a verifier may keep it before it asks again, in seconds.
_KEEP = 300


def status_token(states: Mapping[int, int], url: str, issuer: str, keys: Keys, now: datetime) -> str:
    """The signed list published at ``url`` by ``issuer`` (an address), with the entries that are not valid."""
    packed = bytearray(ENTRIES // _PER_BYTE)
    for index, state in states.items():
        packed[index // _PER_BYTE] |= state << index % _PER_BYTE * _BITS
    payload = {
        "iss": issuer,
        "sub": url,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
        "ttl": _KEEP,
        "status_list": {"bits": _BITS, "lst": encoded(zlib.compress(bytes(packed), 9))},
    }
    header = {"alg": "ES256", "kid": keys.method("es256"), "typ": "statuslist+jwt"}
    return jws.serialize_compact(header, json.dumps(payload), keys.wallet_key, algorithms=["ES256"])


def state_in(token: str, index: int, url: str, did_document: Mapping[str, Any], now: datetime) -> int:
    """The state of entry ``index`` in the list of ``url``. Raises :class:`ProofError`, also for one out of date."""
    header, payload = read_compact(token)
    if header.get("alg") != "ES256" or header.get("typ") != "statuslist+jwt":
        raise ProofError("proof", "another algorithm or type")
    check_signature(token, payload.get("iss"), header.get("kid"), did_document)
    try:
        if payload["sub"] != url or not payload["iat"] <= now.timestamp() < payload["exp"]:
            raise ProofError("list", "another list, or out of date")
        if payload["status_list"]["bits"] != _BITS or not 0 <= index < ENTRIES:
            raise ProofError("list", "no such entry")
        unpacked = zlib.decompressobj().decompress(decoded(payload["status_list"]["lst"]), ENTRIES // _PER_BYTE)
        return unpacked[index // _PER_BYTE] >> index % _PER_BYTE * _BITS & (1 << _BITS) - 1
    except (KeyError, TypeError, ValueError, IndexError, zlib.error) as error:
        raise error if isinstance(error, ProofError) else ProofError("list", "not a status list") from error
