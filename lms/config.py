"""Configuration: environment variables ``LMS_…`` over an optional TOML file, checked whole at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from curricula.registry import SHIPPED
from lms.config_checks import config_problems
from lms.database_url import sqlalchemy_url
from lms.made_secret import made_secret
from lms.settings_files import from_files

PREFIX = "LMS_"
_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
_FORMS = {bool: "true or false", int: "a whole number", str: "a text", tuple: "a list of texts"}
#: Names whose value is never printed.
SECRET_NAMES = {
    "secret_key", "database_url", "owner_database_url", "replica_url", "cache_url", "metrics_token", "smtp_url",
    "seal_passphrase", "oidc_client_secret",
}  # fmt: skip


class ConfigError(ValueError):
    """Settings that cannot be used; ``problems`` lists every one of them with its fix."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Config:
    """What is in force. Durations are in minutes unless their name says, sizes in bytes."""

    #: Public address of the service, without final slash; certificates and LTI messages carry it.
    base_url: str = "http://localhost:8000"
    #: SQLAlchemy URL, or that of PostgreSQL with several hosts; empty for SQLite in the data directory.
    database_url: str = ""
    #: The same PostgreSQL under the account that owns the tables, for ``lms db upgrade`` and ``lms restore`` alone;
    #: empty where the one above owns them.
    owner_database_url: str = ""
    #: How many seconds a statement of a page may take on PostgreSQL; 0 for no limit but the server's own.
    statement_timeout: int = 30
    #: A replica of that PostgreSQL that reports, exports, open data and API lists read; none where empty.
    replica_url: str = ""
    #: A Valkey or Redis where web processes count together what is limited; each counts for itself without.
    cache_url: str = ""
    #: A clamd that examines the files people send (clamd://host:3310, clamd:///run/clamav/clamd.ctl); none without.
    antivirus_url: str = ""
    data_dir: Path = Path("var")
    #: The folder of the tracks that this installation publishes: by default those of the release.
    tracks_dir: Path = SHIPPED
    #: Where the certificates' signing keys are; empty for ``<data_dir>/keys``.
    keys_dir: Path = Path()
    #: The seal of PDF certificates: a PKCS#12 file and what opens it, itself or in a file. By default one of our own.
    seal_pkcs12: Path = Path()
    seal_passphrase: str = ""
    seal_passphrase_file: Path = Path()
    #: Or a security module: its PKCS#11 library, its token, the label of key and certificate, a file with its PIN.
    seal_pkcs11: Path = Path()
    seal_token: str = ""
    seal_key: str = ""
    seal_pin_file: Path = Path()
    #: Certificates (PEM) of the authorities above the seal that neither holds.
    seal_chain: Path = Path()
    #: B: sealed; T: and timestamped; LT: and what proves later that no certificate was revoked.
    seal_level: str = "B"
    #: The timestamping authority (RFC 3161), and its root certificate (PEM).
    tsa_url: str = ""
    tsa_root: Path = Path()
    #: Encrypts the LTI keys at rest and signs forms; made at first start in the data directory when empty.
    secret_key: str = ""
    #: Hosts that outbound calls may reach though private or over http (loopback included).
    allowed_private_hosts: tuple[str, ...] = ()
    #: Certificates (PEM) of authorities that certify whom we call, beside the known ones: those of an intranet.
    authorities: Path = Path()
    #: The institution that issues: shown on certificates and pages.
    issuer_name_fr: str = "Institut de démonstration"
    issuer_name_en: str = "Demonstration institute"
    #: Whether the issuer is fictitious; certificates then say « exemple sans valeur ».
    issuer_fictitious: bool = True
    #: Who signs for the institution: a person and a function, in both languages; nobody when empty.
    issuer_signatory_fr: str = ""
    issuer_signatory_en: str = ""
    #: The institution's colour on certificates and pages of verification; white must be read on it.
    issuer_colour: str = "#42204a"
    #: The institution's logo, PNG or JPEG.
    issuer_logo: Path = Path()
    session_minutes: int = 480
    #: Sessions with one of these roles end after so many minutes without a page; 0 for never (docs/accounts.md).
    idle_minutes: int = 60
    idle_roles: tuple[str, ...] = ("administrator", "hr")
    #: Roles of local accounts that must have a second factor, an authenticator app or a passkey.
    second_factor_roles: tuple[str, ...] = ()
    #: Sign-in by OpenID Connect (docs/sign-in.md): the provider, and what this service is there. None without.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    #: What the provider is called on the button; its host when empty.
    oidc_name_fr: str = ""
    oidc_name_en: str = ""
    #: What is asked of it, nothing but who signs in unless more is named; the levels of assurance taken, all if none.
    oidc_scopes: tuple[str, ...] = ("openid",)
    oidc_acr_values: tuple[str, ...] = ()
    #: Whether an identity not known yet is linked to the local account of its verified e-mail address.
    oidc_link_by_email: bool = False
    #: By what people are matched with HR's agents, the first first: sourced_id, custom:<name>, email.
    match_keys: tuple[str, ...] = ("sourced_id", "email")
    #: Whose e-mail addresses are verified: issuers of platforms or of the sign-in, or « local » for local accounts.
    verified_emails: tuple[str, ...] = ()
    #: How many days a key of the tool signs before the next one does.
    lti_key_days: int = 90
    #: Opens /metrics to whoever bears it; without one, /metrics answers this machine alone.
    metrics_token: str = ""
    upload_limit: int = 2_000_000
    #: Counts of agents under this are masked where people are only counted; 0 masks none.
    mask_below: int = 5
    #: For how many days a learner may ask for a result to be looked at again.
    appeal_days: int = 60
    #: Where reminders are handed in (smtp://user:password@host:port, or smtps://), and from whom; none is sent without.
    smtp_url: str = ""
    mail_from: str = ""
    #: How many requests a minute each client of the API may make.
    api_rate: int = 600
    #: The learning record store that is told results (xAPI): its address, the key and a file with its secret; for
    #: workers. None is told without.
    lrs_url: str = ""
    lrs_key: str = ""
    lrs_secret_file: Path = Path()
    #: How many days a file that HR asked for is kept for its owner.
    export_days: int = 7
    #: Where exports may be delivered: a folder; a server (sftp://user@host:port/path), our key there and its own.
    export_folder: Path = Path()
    export_sftp: str = ""
    export_sftp_key: Path = Path()
    export_sftp_known_hosts: Path = Path()
    #: Opens /open-data to all: masked indicators; and whom to write to about them (an e-mail or web address).
    open_data: bool = False
    open_data_contact: str = ""
    #: A file with the passphrase of backups: for ``lms backup`` and ``lms restore`` only.
    backup_passphrase_file: Path = Path()
    #: How many days are kept, counted from when they ended: what was answered in assessments; completions, and people
    #: of whom nothing else is kept; certificates once they are no longer valid; the journal; what undoing HR's files
    #: needs; deliveries made.
    keep_attempts_days: int = 365
    keep_completions_days: int = 1825
    keep_certificates_after_days: int = 1825
    keep_journal_days: int = 1825
    keep_changes_days: int = 180
    keep_jobs_days: int = 90
    #: Whom people write to about their personal data: an e-mail or web address, of the data protection officer.
    privacy_contact: str = ""
    #: A deployer's theme: a folder with ``theme.css``, and the fonts and pictures it names (lms.theme).
    theme_dir: Path = Path()
    #: How many proxies in front set X-Forwarded-*; 0 trusts none.
    trusted_proxies: int = 0
    #: Of tests alone, which give it in the code: no limit of requests then holds, so no environment nor file says it.
    testing: bool = False

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return sqlalchemy_url(self.database_url) or f"sqlite:///{self.data_dir.absolute() / 'lms.sqlite3'}"

    @property
    def owner(self) -> str:
        """The SQLAlchemy URL of the account that owns the tables; empty where none is named."""
        return sqlalchemy_url(self.owner_database_url)

    @property
    def replica(self) -> str:
        """The SQLAlchemy URL of the replica; empty where there is none."""
        return sqlalchemy_url(self.replica_url)

    @property
    def keys(self) -> Path:
        """The folder of the signing keys in force."""
        return self.keys_dir if self.keys_dir != Path() else self.data_dir / "keys"

    @property
    def exports(self) -> Path:
        """The folder of the files that HR asked for; never public."""
        return self.data_dir / "exports"

    @property
    def places(self) -> tuple[str, ...]:
        """Where exports may be delivered, the download first."""
        folder, sftp = self.export_folder != Path(), bool(self.export_sftp)
        return ("download", *(["folder"] if folder else []), *(["sftp"] if sftp else []))

    @property
    def host(self) -> str:
        """Host and port of the public address."""
        return urlsplit(self.base_url).netloc

    @property
    def oidc_scope(self) -> str:
        """The scopes asked of the provider, each once, separated by spaces as the protocol writes them."""
        return " ".join(dict.fromkeys(" ".join(self.oidc_scopes).split()))

    @property
    def mails(self) -> bool:
        """Whether messages are sent."""
        return bool(self.smtp_url and self.mail_from)

    @property
    def secure(self) -> bool:
        """Whether cookies may be marked Secure: https, or a loopback name that browsers trust."""
        parts = urlsplit(self.base_url)
        return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def cookie_name(self) -> str:
        """The name of the session's cookie. ``__Host-`` binds it to this very host, over https: no sister host sets it.

        Over http, on a machine of development, browsers refuse such a name.
        """
        return "__Host-mpia" if self.base_url.startswith("https:") else "mpia"

    def shown(self) -> dict[str, str]:
        """Every setting as text, secrets masked."""
        values = {name: getattr(self, name) for name in _SETTINGS}
        return {name: "********" if name in SECRET_NAMES and value else _text(value) for name, value in values.items()}


#: What an installation may give, by name.
_SETTINGS = tuple(field.name for field in fields(Config) if field.name != "testing")


def load_config(environment: Mapping[str, str] | None = None, **overrides: Any) -> Config:
    """The configuration of the environment, its files (``LMS_CONFIG``) and the overrides, the last winning.

    Makes the data directory and, where none is given, a secret key kept there (0600).
    Raises ``ConfigError`` with every problem at once.
    """
    environment = os.environ if environment is None else environment
    problems: list[str] = []
    given = {**from_files(environment.get(PREFIX + "CONFIG", ""), problems), **_environment(environment)}
    values: dict[str, Any] = {}
    for name, raw in given.items():
        if name not in _SETTINGS:
            problems.append(f"{PREFIX}{name.upper()} is not a setting. Remove it or correct its name.")
            continue
        kind = type(getattr(Config(), name))
        try:
            values[name] = _parse(raw, kind)
        except (ValueError, KeyError):
            problems.append(f"{PREFIX}{name.upper()} must be {_FORMS.get(kind, 'a path')}.")
    config = Config(**{**values, **overrides})
    problems += config_problems(config)
    if problems:
        raise ConfigError(problems)
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        return config if config.secret_key else replace(config, secret_key=made_secret(config.data_dir))
    except ValueError as error:
        raise ConfigError([str(error)]) from error
    except OSError as error:
        raise ConfigError([f"LMS_DATA_DIR must be a folder that can be written: {error}."]) from error


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {name for name in environment if name.startswith(PREFIX)} - {PREFIX + "CONFIG"}
    return {name.removeprefix(PREFIX).lower(): environment[name] for name in names}


def _parse(raw: Any, kind: type) -> Any:
    # The environment gives texts; the file may give the value itself.
    if kind is tuple:
        items = raw if isinstance(raw, list) else _word(raw).split(",")
        return tuple(_word(item) for item in items if _word(item))
    if kind in {bool, int} and type(raw) is kind:
        return raw
    if kind is bool:
        return _TRUTHS[_word(raw).lower()]
    return kind(_word(raw))


def _word(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError(raw)  # noqa: TRY004 - one kind of refusal for every setting
    return raw.strip()


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
