"""Bitstring status lists: which certificates are revoked, suspended or replaced, published without naming any.

Source: W3C Bitstring Status List v1.0. A list is signed, valid a week, and signed again at each change and daily.
"""

import base64
import binascii
import secrets
import zlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from certificates.sign.data_integrity import instant, secure_jsonld
from certificates.sign.jsonld import CREDENTIALS
from certificates.sign.keys import Keys

#: The least the specification allows, so that one entry tells little about its holder (section 6.1).
ENTRIES = 131_072
LIFE = timedelta(days=7)
#: ``refresh`` is the specification's word for « another one takes its place ».
Purpose = Literal["revocation", "suspension", "refresh"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class StatusError(ValueError):
    """A status list that cannot be read, or an entry it does not have."""


def encode(bits: bytes) -> str:
    """A bitstring of :data:`ENTRIES` entries, eight a byte, as published: GZIP, then multibase base64url.

    The same bits always give the same text. Raises :class:`StatusError` for another length.
    """
    if len(bits) * 8 != ENTRIES:
        raise StatusError(f"a list has {ENTRIES} entries")
    compressor = zlib.compressobj(9, wbits=31)  # 31: GZIP, without the date that gzip.compress would add
    packed = compressor.compress(bits) + compressor.flush()
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bitstring of an ``encodedList``. Raises :class:`StatusError`.

    Only the expected length is inflated, so that a hostile list cannot fill the memory.
    """
    try:
        if not text.startswith("u"):
            raise StatusError("not multibase base64url")
        packed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj(wbits=31)
        bits = inflater.decompress(packed, ENTRIES // 8 + 1)
    except (binascii.Error, zlib.error, ValueError, AttributeError) as error:
        raise StatusError("not a compressed bitstring") from error
    if len(bits) * 8 != ENTRIES or not inflater.eof:
        raise StatusError(f"a list has {ENTRIES} entries")
    return bits


def empty() -> bytes:
    """A bitstring in which nothing is set."""
    return bytes(ENTRIES // 8)


def is_set(bits: bytes, index: int) -> bool:
    """Entry ``index`` of a bitstring; entry 0 is the leftmost bit. Raises :class:`StatusError` out of range."""
    if not 0 <= index < len(bits) * 8:
        raise StatusError(f"no entry {index}")
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def with_set(bits: bytes, indexes: Collection[int]) -> bytes:
    """``bits`` with the entries of ``indexes`` set as well. Raises :class:`StatusError` out of range."""
    changed = bytearray(bits)
    for index in indexes:
        if not 0 <= index < len(bits) * 8:
            raise StatusError(f"no entry {index}")
        changed[index // 8] |= 1 << (7 - index % 8)
    return bytes(changed)


def is_full(used: int) -> bool:
    """Whether another list must be opened: half full, an entry still tells little, and a free one is soon drawn."""
    return used * 2 >= ENTRIES


def random_index(is_taken: Callable[[int], bool]) -> int:
    """A free entry of a list that is not full, drawn: its number must not tell when, or after whom, it was given."""
    while is_taken(index := secrets.randbelow(ENTRIES)):
        pass
    return index


def status_list_credential(
    purpose: Purpose, bits: bytes, url: str, issuer: str, keys: Keys, now: datetime
) -> dict[str, Any]:
    """The signed list published at ``url`` by ``issuer`` (a DID), valid :data:`LIFE` from ``now`` (aware)."""
    document = {
        "@context": [CREDENTIALS],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": instant(now),
        "validUntil": instant(now + LIFE),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode(bits),
        },
    }
    return secure_jsonld(document, keys)


def entry_is_set(document: Mapping[str, Any], entry: Mapping[str, Any], now: datetime) -> bool:
    """Whether ``entry`` (a credential's status entry) is set in ``document``, a list whose proof was checked.

    Raises :class:`StatusError` when the list is another one, of another purpose, not yet or no longer valid.
    """
    try:
        subject = document["credentialSubject"]
        same = document["id"] == entry["statusListCredential"] and "BitstringStatusListCredential" in document["type"]
        if not same or subject["statusPurpose"] != entry["statusPurpose"]:
            raise StatusError("another list")
        fresh = datetime.fromisoformat(document["validFrom"]) <= now < datetime.fromisoformat(document["validUntil"])
        if not fresh:
            raise StatusError("the list is out of date")
        return is_set(decode(subject["encodedList"]), int(entry["statusListIndex"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise error if isinstance(error, StatusError) else StatusError("not a status list") from error
