"""What makes settings unusable, each problem in a sentence with its fix."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lms.branding import colour_problem, logo_problem
from lms.database_url import kind_of
from lms.journal_removal import STAYS
from lms.models import ROLES
from lms.outside_settings import (
    antivirus_problems,
    authorities_problems,
    cache_problems,
    lrs_problems,
    mail_problems,
    oidc_problems,
    private_hosts_problems,
)
from lms.public_address import normalised
from lms.theme import theme_problem

if TYPE_CHECKING:
    from lms.config import Config

#: Characters of a secret key at least; bytes at most, for OpenSSL takes no more for a passphrase; characters of a new
#: one at most, which make no more whatever they are.
SHORTEST_SECRET, _SECRET_BYTES, LONGEST_SECRET = 32, 1023, 250
#: What one line of a certificate holds.
_LONGEST_SIGNATORY = 90
#: A hundred years: a longer time is no limit, and no date.
_LONGEST_DAYS = 36500
#: A run of exports is forgotten after so many days, and its file with it.
LONGEST_EXPORT_DAYS = 366
_YEAR_OF_MINUTES = 366 * 24 * 60
#: Numbers above which a setting is not what it says: a moment that no calendar has, a limit that no server takes.
_CEILINGS = {
    "session_minutes": _YEAR_OF_MINUTES, "idle_minutes": _YEAR_OF_MINUTES, "lti_key_days": _LONGEST_DAYS,
    "export_days": LONGEST_EXPORT_DAYS, "statement_timeout": 24 * 60 * 60,
}  # fmt: skip
#: Said of what may well be there, in a folder that the account of the process may not enter.
_REACHED = "and that the account of this process may reach"
_CUSTOM = re.compile(r"custom:[A-Za-z0-9_.-]{1,100}")


def config_problems(config: "Config") -> list[str]:
    """What is wrong with those settings, each with its fix."""
    problems = []
    if config.base_url != (address := normalised(config.base_url)):
        problems.append(
            f"LMS_BASE_URL must be a web address as browsers write it, without final slash: {address}."
            if address
            else "LMS_BASE_URL must be a web address without final slash: https://formation.example."
        )
    elif not config.secure:
        problems.append("LMS_BASE_URL must be https: an LMS cannot frame a page served over http.")
    if not kind_of(config.database):
        problems.append(
            "LMS_DATABASE_URL must be like postgresql://user:password@host/name, or empty for SQLite; name no driver, "
            "for one alone is shipped."
        )
    if config.owner and {kind_of(config.owner), kind_of(config.database)} != {"postgresql"}:
        problems.append(
            "LMS_OWNER_DATABASE_URL must be like postgresql://owner:password@host/name, as LMS_DATABASE_URL."
        )
    if config.replica and {kind_of(config.replica), kind_of(config.database)} != {"postgresql"}:
        problems.append("LMS_REPLICA_URL must be like postgresql://reader:password@replica/name, as LMS_DATABASE_URL.")
    problems += _check_numbers(config) + _check_seal(config) + lrs_problems(config) + _check_exports(config)
    problems += _check_keeping(config)
    if not _found(lambda folder: any(folder.glob("*/track.toml")), config.tracks_dir):
        problems.append(f"LMS_TRACKS_DIR must be a folder of tracks, folders with a track.toml, {_REACHED}.")
    if any(key not in {"sourced_id", "email"} and not _CUSTOM.fullmatch(key) for key in config.match_keys):
        problems.append("LMS_MATCH_KEYS must be made of sourced_id, email and custom:name, separated by commas.")
    problems += [
        f"LMS_{name.upper()} must be made of {', '.join(ROLES)}, separated by commas."
        for name in ("second_factor_roles", "idle_roles")
        if not set(getattr(config, name)) <= set(ROLES)
    ]
    if config.metrics_token and len(config.metrics_token) < 16:
        problems.append("LMS_METRICS_TOKEN must have at least 16 characters.")
    problems += (
        authorities_problems(config)
        + private_hosts_problems(config)
        + cache_problems(config)
        + antivirus_problems(config)
        + mail_problems(config)
        + oidc_problems(config)
    )
    if config.secret_key and len(config.secret_key) < SHORTEST_SECRET:
        problems.append(f"LMS_SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
    if len(config.secret_key.encode(errors="surrogateescape")) > _SECRET_BYTES:
        problems.append(f"LMS_SECRET_KEY must have at most {_SECRET_BYTES} bytes: keys at rest take no longer one.")
    if sys.flags.optimize:
        problems.append("PYTHONOPTIMIZE must be empty, and python run without -O: assertions are part of the service.")
    return problems + _issuer_problems(config)


def _check_numbers(config: "Config") -> list[str]:
    problems = [
        f"LMS_{name.upper()} must not be negative."
        for name in ("upload_limit", "trusted_proxies", "appeal_days", "mask_below", "statement_timeout")
        if getattr(config, name) < 0
    ]
    problems += [
        f"LMS_{name.upper()} must be at most {most}."
        for name, most in _CEILINGS.items()
        if getattr(config, name) > most
    ]
    if config.api_rate < 1:
        problems.append("LMS_API_RATE must be at least 1.")
    if config.session_minutes < 5:
        problems.append("LMS_SESSION_MINUTES must be at least 5.")
    if config.idle_minutes and config.idle_minutes < 5:
        problems.append("LMS_IDLE_MINUTES must be at least 5, or 0 for no end by inactivity.")
    if config.lti_key_days < 2:
        problems.append("LMS_LTI_KEY_DAYS must be at least 2: a key is published a day before it signs.")
    return problems


def _issuer_problems(config: "Config") -> list[str]:
    signatories = (config.issuer_signatory_fr, config.issuer_signatory_en)
    problems = []
    if any(signatories) and not all(signatories):
        problems.append("LMS_ISSUER_SIGNATORY_FR and LMS_ISSUER_SIGNATORY_EN go together: give both, or none.")
    problems += [
        f"LMS_{name.upper()} must name the institution that issues: certificates say it for years."
        for name in ("issuer_name_fr", "issuer_name_en")
        if not getattr(config, name)
    ]
    if max(map(len, signatories)) > _LONGEST_SIGNATORY:
        problems.append(f"LMS_ISSUER_SIGNATORY_FR and _EN have at most {_LONGEST_SIGNATORY} characters: one line.")
    looks = [colour_problem(config.issuer_colour), theme_problem(config.theme_dir)]
    if config.issuer_logo != Path():
        looks.append(logo_problem(config.issuer_logo))
    return problems + [problem for problem in looks if problem]


def _check_seal(config: "Config") -> list[str]:
    problems = []
    nowhere = Path()
    module = config.seal_pkcs11 != nowhere
    if module and config.seal_pkcs12 != nowhere:
        problems.append("LMS_SEAL_PKCS12 and LMS_SEAL_PKCS11 name two seals. Keep one of them.")
    if module and not (config.seal_token and config.seal_key and config.seal_pin_file != nowhere):
        problems.append("LMS_SEAL_PKCS11 needs LMS_SEAL_TOKEN, LMS_SEAL_KEY and LMS_SEAL_PIN_FILE.")
    if config.seal_level not in {"B", "T", "LT"}:
        problems.append("LMS_SEAL_LEVEL must be B, T or LT.")
    elif config.seal_level != "B" and not (config.tsa_url and config.tsa_root != nowhere):
        problems.append(f"LMS_SEAL_LEVEL={config.seal_level} needs LMS_TSA_URL and LMS_TSA_ROOT.")
    return problems


def _check_keeping(config: "Config") -> list[str]:
    """How long things are kept: an appeal is judged on what was answered, a completion rests on its results."""
    names = (
        "attempts_days",
        "completions_days",
        "certificates_after_days",
        "journal_days",
        "changes_days",
        "jobs_days",
    )
    days = {name: getattr(config, f"keep_{name}") for name in names}
    problems = [
        f"LMS_KEEP_{name.upper()} must be from 1 to {_LONGEST_DAYS}."
        for name, value in days.items()
        if not 1 <= value <= _LONGEST_DAYS
    ]
    if 1 <= config.keep_journal_days <= STAYS:
        problems.append(f"LMS_KEEP_JOURNAL_DAYS must be more than {STAYS}: the last lines of the journal always stay.")
    if config.keep_attempts_days < config.appeal_days:
        problems.append("LMS_KEEP_ATTEMPTS_DAYS must be at least LMS_APPEAL_DAYS: appeals are judged on the answers.")
    contact = config.privacy_contact
    if contact and "@" not in contact and not contact.startswith("https://"):
        problems.append("LMS_PRIVACY_CONTACT must be an e-mail address or an address in https.")
    if config.keep_completions_days < config.keep_attempts_days:
        problems.append("LMS_KEEP_COMPLETIONS_DAYS must be at least LMS_KEEP_ATTEMPTS_DAYS.")
    return problems


def _check_exports(config: "Config") -> list[str]:
    problems = []
    nowhere = Path()
    if config.export_days < 1:
        problems.append("LMS_EXPORT_DAYS must be at least 1.")
    if config.export_folder != nowhere and not _found(Path.is_dir, config.export_folder):
        problems.append(f"LMS_EXPORT_FOLDER must be a folder that is there, {_REACHED}.")
    if config.export_sftp:
        if not _is_sftp_server(config.export_sftp):
            problems.append("LMS_EXPORT_SFTP must be like sftp://user@host:22/path, without a password.")
        problems += [
            f"LMS_EXPORT_SFTP needs LMS_{name.upper()}, a file that is there, {_REACHED}."
            for name in ("export_sftp_key", "export_sftp_known_hosts")
            if not _found(Path.is_file, getattr(config, name))
        ]
    contact = config.open_data_contact
    if config.open_data and not (_is_address(contact) or contact.startswith("https://")):
        problems.append("LMS_OPEN_DATA needs LMS_OPEN_DATA_CONTACT, an e-mail or https address.")
    return problems


def _found(look: Callable[[Path], bool], path: Path) -> bool:
    """What ``look`` sees of a path; false where a folder above it lets nothing be seen."""
    try:
        return look(path)
    except OSError:
        return False


def _is_sftp_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.scheme == "sftp" and bool(parts.hostname) and bool(parts.username) and parts.port != 0
    except ValueError:
        return False
    return named and parts.password is None and not parts.query and not parts.fragment


def _is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and host) and text.isascii() and not any(sign.isspace() or sign in "<>," for sign in text)
