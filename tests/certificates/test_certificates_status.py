"""Status lists: compact, signed, fresh, and telling nothing of who is in them."""

import base64
import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from certificate_samples import DID, NOW, make_record
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates import status
from certificates.sign.credential import credential
from certificates.sign.data_integrity import check_jsonld
from certificates.sign.keys import Keys

INDEXES = st.integers(0, status.ENTRIES - 1)


@settings(max_examples=25, deadline=None)
@given(st.sets(INDEXES, max_size=30))
def test_a_list_reads_back(indexes: set[int]) -> None:
    bits = status.with_set(status.empty(), indexes)
    again = status.decode(status.encode(bits))
    assert again == bits
    assert all(status.is_set(again, index) for index in indexes)
    assert sum(byte.bit_count() for byte in again) == len(indexes)


def test_the_first_entry_is_the_leftmost_bit() -> None:
    assert status.with_set(status.empty(), [0])[0] == 0x80
    assert status.with_set(status.empty(), [15])[1] == 0x01


def test_a_list_is_small_and_always_the_same() -> None:
    text = status.encode(status.empty())
    assert text.startswith("uH4sI")
    assert len(text) < 100
    assert text == status.encode(bytes(status.ENTRIES // 8))


def test_what_is_not_a_list_is_refused() -> None:
    bomb = "u" + base64.urlsafe_b64encode(gzip.compress(bytes(50_000_000))).decode().rstrip("=")
    for wrong in ("", "x", "u", "uAAAA", status.encode(status.empty())[:-8], bomb, 5):
        with pytest.raises(status.StatusError):
            status.decode(wrong)
    with pytest.raises(status.StatusError):
        status.encode(b"\0")
    for index in (-1, status.ENTRIES):
        with pytest.raises(status.StatusError):
            status.is_set(status.empty(), index)
        with pytest.raises(status.StatusError):
            status.with_set(status.empty(), [index])


def test_indexes_are_drawn_at_random_among_the_free_ones() -> None:
    taken = set(range(60_000))
    drawn = {status.random_index(taken.__contains__) for _ in range(50)}
    assert not drawn & taken
    assert len(drawn) > 45
    assert status.is_full(status.ENTRIES // 2)
    assert not status.is_full(status.ENTRIES // 2 - 1)


def test_a_list_is_signed_and_valid_a_week(keys: Keys, listed: Callable[..., list[dict[str, Any]]]) -> None:
    revocation, suspension = listed(revoked=[3])
    for document in (revocation, suspension):
        check_jsonld(document, keys.did_document())
    entry = {**credential(make_record(status_index=3))["credentialStatus"][0]}
    assert status.entry_is_set(revocation, entry, NOW)
    assert status.entry_is_set(revocation, entry, NOW + timedelta(days=6, hours=23))
    for moment in (NOW + timedelta(days=7), NOW - timedelta(days=1)):
        with pytest.raises(status.StatusError):
            status.entry_is_set(revocation, entry, moment)
    with pytest.raises(status.StatusError):
        status.entry_is_set(suspension, entry, NOW)
    with pytest.raises(status.StatusError):
        status.entry_is_set({}, entry, NOW)
    assert revocation["issuer"] == DID
