"""Keys that follow one another: replaced in time, taken out of service, or no longer believed.

Each act changes the index of a keys directory at once and leaves a complete ring: another key signs from then on.
"""

from datetime import datetime
from pathlib import Path

from certificates.sign import keyring
from certificates.sign.keyring import KeysError, Ring


def rotate(directory: Path, passphrase: bytes, did: str, now: datetime) -> Ring:
    """New keys of every use, but for a seal that is kept elsewhere: the settings name its successor.

    Those before sign no more and stay believed, so that what they signed stays valid.
    """

    def renewed(ring: Ring) -> Ring:
        olds = [entry for use in keyring.USES if (entry := ring.current(use)) and entry.kept == "here"]
        ring = ring.retired({old.id for old in olds}, now)
        return keyring.completed(directory, ring, did, passphrase, now)

    return keyring.change(directory, renewed)


def retire(directory: Path, key_id: str, passphrase: bytes, did: str, now: datetime) -> Ring:
    """One key signs no more; what it signed stays valid.

    Raises :class:`KeysError` when there is no such key, it signs no more already, or the settings name it.
    """

    def marked(ring: Ring) -> Ring:
        if ring.entry(key_id).state != "signs":
            raise KeysError(f"{key_id} signs no more already")
        _check_free(ring, key_id)
        return keyring.completed(directory, ring.retired({key_id}, now), did, passphrase, now)

    return keyring.change(directory, marked)


def compromise(directory: Path, key_id: str, passphrase: bytes, did: str, now: datetime) -> Ring:
    """Stop believing a key, for ever: all it signed must be signed again, whatever date it claims.

    A thief chooses the date a proof claims, so no date is spared. Raises :class:`KeysError` when there is no such
    key or the settings name it; done again, it changes nothing.
    """

    def marked(ring: Ring) -> Ring:
        ring.entry(key_id)
        _check_free(ring, key_id)
        return keyring.completed(directory, ring.revoked({key_id}, now), did, passphrase, now)

    return keyring.change(directory, marked)


def _check_free(ring: Ring, key_id: str) -> None:
    entry = ring.entry(key_id)
    if entry.kept != "here" and entry == ring.current(entry.use):
        raise KeysError(f"{key_id} is kept elsewhere and the settings name it: name another one first")
