"""Backups: one file that holds the whole service, encrypted and authenticated, and the way back from it.

From the outside in: ``sealing`` encrypts by chunks, ``parts`` compresses and names what is inside, ``sqlite`` and
``postgresql`` take a database and put it back, ``files`` does it for the data directory and the signing keys.
``making`` and ``restoring`` put them together; ``checking`` asks a restored service whether it is the one it was.
Why so: docs/adr/0034; how it is used: docs/backup.md.
"""


class BackupError(Exception):
    """Why a backup is not made, read or restored: what happened, and what to do. Never names a secret."""
