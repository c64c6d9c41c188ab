"""Certificates end: that is said while there is time to have others."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from lms.config import Config
from lms.doctor.finding import Finding
from lms.models import utcnow

#: Those that somebody is asked for, which takes weeks.
ASKED_FOR = timedelta(days=60)
#: Those that a program replaces by itself, most often 30 days before their end: it has not.
REPLACED = timedelta(days=21)


def lasting(check: str, what: str, ends: datetime, fix: str, notice: timedelta = ASKED_FOR) -> Finding:
    """Whether ``what`` is valid until ``ends`` (UTC): « bad » after it, « warn » within ``notice`` before it."""
    left = ends - utcnow()
    if left < timedelta():
        return Finding(check, "bad", f"{what} ended on {ends:%Y-%m-%d}.", fix)
    said = f"{what} is valid until {ends:%Y-%m-%d}."
    return Finding(check, "warn", said, fix) if left < notice else Finding(check, "ok", said)


def authorities(config: Config) -> Finding:
    """The authorities of our own, if any, go on certifying whom we call; the one that ends first is told."""
    return _in_file(
        "authorities", "LMS_AUTHORITIES", config.authorities, "No authority of our own",
        f"Add the authority that follows it to {config.authorities}, take the ended one out once nobody is certified "
        "by it, then restart every process.",
    )  # fmt: skip


def timestamps(config: Config) -> Finding:
    """The root of the timestamping authority, if any, goes on certifying its stamps: none counts beyond its end."""
    if config.seal_level == "B":
        return Finding("timestamps", "ok", "Seals are not timestamped (LMS_SEAL_LEVEL).")
    return _in_file(
        "timestamps", "LMS_TSA_ROOT", config.tsa_root, "No root",
        f"Ask the timestamping authority for the root that follows it, put it in {config.tsa_root} on the day its "
        "stamps come from it, then restart the workers.",
    )  # fmt: skip


def _in_file(check: str, setting: str, path: Path, without: str, fix: str) -> Finding:
    """Whether each certificate in a file (PEM) lasts; ``without`` says what there is not, where no file is named."""
    if path == Path():
        return Finding(check, "ok", f"{without} ({setting}).")
    try:
        every = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        return Finding(check, "none", f"{path} could not be read ({type(error).__name__}).")
    first = min(every, key=lambda each: each.not_valid_after_utc)
    return lasting(check, f"{first.subject.rfc4514_string()} ({setting})", first.not_valid_after_utc, fix)
