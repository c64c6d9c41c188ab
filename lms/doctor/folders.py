"""The folders of a deployment: data, exports, and the signing keys of certificates where workers run."""

import os
import shutil
from pathlib import Path

from certificates.sign import keyring
from certificates.sign.keyring import Entry, KeysError
from certificates.sign.seals import SealUnavailable, life
from lms.config import Config
from lms.doctor.finding import Finding
from lms.doctor.lasting import lasting
from lms.models import utcnow
from lms.services.sealing import seal_of, timestamps_of

#: Room that must be left for files, and that should be, in bytes.
LEAST, ENOUGH = 256 * 2**20, 2**30


def data(config: Config) -> Finding:
    """The data directory and its folder of exports can be written, and the disk has room."""
    folder = config.data_dir.absolute()
    exports = config.exports.absolute()  # made with the first one
    for each in (folder, exports):
        if (each == folder or each.exists()) and not os.access(each, os.R_OK | os.W_OK | os.X_OK):
            return Finding(
                "data", "bad", f"{each} (LMS_DATA_DIR) cannot be written by uid {os.geteuid()}.",
                f"Run: chown -R {os.geteuid()} {each}, or name another folder in LMS_DATA_DIR.",
            )  # fmt: skip
    free = shutil.disk_usage(folder).free
    said = f"{free // 2**20} MB are free in {folder} (LMS_DATA_DIR)."
    fix = "Make room on that disk, shorten LMS_EXPORT_DAYS, or move LMS_DATA_DIR to a larger one."
    if free < ENOUGH:
        return Finding("data", "bad" if free < LEAST else "warn", said, fix)
    return Finding("data", "ok", said)


def export_folder(config: Config) -> Finding:
    """The folder that exports are delivered to, if any, can be written where the worker runs."""
    folder = config.export_folder
    if folder == Path():
        return Finding("export_folder", "ok", "No folder (LMS_EXPORT_FOLDER): nothing is delivered to one.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            "export_folder", "bad", f"{folder} (LMS_EXPORT_FOLDER) cannot be written by uid {os.geteuid()}.",
            f"Let that uid write there, for example: chown {os.geteuid()} {folder}",
        )  # fmt: skip
    return Finding("export_folder", "ok", f"Exports may be delivered to {folder}.")


def keys(config: Config, *, worker: bool) -> Finding:
    """The keys of certificates: hidden from others everywhere; with ``worker`` also there, whole, and opened."""
    folder = config.keys.absolute()
    exposed = _exposed(folder)
    if exposed:
        return Finding(
            "keys", "bad", f"{exposed} can be read or replaced by every user of this machine.",
            f"Run: chmod -R o-rwx {folder}. If others could log in, take the keys for stolen: docs/keys.md.",
        )  # fmt: skip
    if not worker:
        if _there(folder / keyring.INDEX) is True:
            return Finding(
                "keys", "none", f"There are keys of certificates in {folder}, needed by workers alone.",
                "Where a worker runs here too: lms doctor --worker. Where none does, do not give them to this machine.",
            )  # fmt: skip
        return Finding("keys", "ok", "No key of certificates is here: only workers need them.")
    return _opened(config, folder)


def _opened(config: Config, folder: Path) -> Finding:
    """Whether every key that signs now can be opened with these settings."""
    if _there(folder) is False:  # where nobody can tell, reading it says why
        return Finding(
            "keys", "bad", f"{folder} (LMS_KEYS_DIR) is not there.",
            f"Mount the keys of this installation there; for a new installation, make them: LMS_KEYS_DIR={folder} "
            "lms keys make",
        )  # fmt: skip
    try:
        ring = keyring.read(folder)
        lacking = [use for use in keyring.USES if ring.current(use) is None]
        if not ring.entries:
            return Finding(
                "keys", "bad", f"{folder} (LMS_KEYS_DIR) holds no key.",
                "Name the folder of this installation's keys; for a new installation, make them: lms keys make",
            )  # fmt: skip
        if lacking:
            return Finding(
                "keys", "bad", f"{folder} (LMS_KEYS_DIR) has no key that signs: {', '.join(lacking)}.",
                "Where the folder can be written, run: lms keys make",
            )  # fmt: skip
        here = [entry for use in keyring.USES if (entry := ring.current(use)) and entry.kept == "here"]
        for entry in here:
            keyring.load(folder, entry, config.secret_key.encode())
    except KeysError as error:
        return Finding(
            "keys", "bad", f"The keys of certificates cannot be opened: {error}.",
            f"Give the LMS_SECRET_KEY they are encrypted with, let uid {os.geteuid()} read {folder}, or restore its "
            "files from the last copy. Where lms secret-key replace was cut short, run it again.",
        )  # fmt: skip
    return _sealed(config, ring.current("seal"), f"Keys that sign: {len(here)}, opened from {folder}.")


def _sealed(config: Config, own: Entry | None, said: str) -> Finding:
    """Whether the seal and the timestamps of the settings can be used, and until when; ``said`` where they can."""
    try:
        seal = seal_of(config)
        timestamps_of(config)
    except (KeysError, SealUnavailable, OSError, ValueError) as error:
        return Finding(
            "keys", "bad", f"The seal of certificates cannot be used: {error}.",
            "Correct the LMS_SEAL_… and LMS_TSA_… settings (docs/keys.md), or remove them for a seal of our own.",
        )  # fmt: skip
    chain = seal.chain if seal else own.chain if own and own.kept == "here" else ()
    if not chain:  # another seal is made by the first worker that starts
        return Finding("keys", "ok", said)
    begins, ends = life(chain)
    fix = "lms keys rotate --certificates makes another; one of a trust service is replaced as docs/keys.md says."
    if utcnow() < begins:
        return Finding("keys", "bad", f"{said} The seal's certificate is valid from {begins:%Y-%m-%d} only.", fix)
    return lasting("keys", f"{said} The seal's certificate", ends, fix)


def _there(path: Path) -> bool | None:
    """Whether something is there; None where a folder above it lets this account see nothing."""
    try:
        return path.exists()
    except OSError:
        return None


def _exposed(folder: Path) -> Path | None:
    """A key that every user of the machine can read, or a folder where every user can replace one; None: there is none.

    Mounted secrets often are in a folder open to all, with files that are not.
    """
    try:
        mode = folder.stat().st_mode
        if mode & 0o002 and not mode & 0o1000:
            return folder
        readable = (path for path in sorted(folder.glob("*.p*")) if path.stat().st_mode & 0o006)
        return next(readable, None) if mode & 0o001 else None
    except OSError:
        return None
