"""Whether the settings of whom the service calls can be used: counts, antivirus, mail, record store, sign-in."""

import re
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from lms.antivirus import place_of
from lms.tls import verifying

#: What the address of the server of counts may say in its query: those options of redis-py that a text can give.
_CACHE_OPTIONS = {
    "client_name", "db", "health_check_interval", "max_connections", "password", "protocol", "retry_on_timeout",
    "socket_connect_timeout", "socket_keepalive", "socket_timeout", "ssl_ca_certs", "ssl_ca_data", "ssl_ca_path",
    "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_ciphers", "ssl_keyfile", "ssl_password", "username",
}  # fmt: skip

#: Hosts are compared as addresses have them: no scheme, no path or range of addresses (« / »), no pattern (« * »).
_PRIVATE_HOST = re.compile(r"[^/*@\sA-Z]+")


class Settings(Protocol):
    """The settings that are looked at."""

    @property
    def cache_url(self) -> str: ...
    @property
    def antivirus_url(self) -> str: ...
    @property
    def smtp_url(self) -> str: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def lrs_url(self) -> str: ...
    @property
    def lrs_key(self) -> str: ...
    @property
    def lrs_secret_file(self) -> Path: ...
    @property
    def oidc_issuer(self) -> str: ...
    @property
    def oidc_client_id(self) -> str: ...
    @property
    def oidc_client_secret(self) -> str: ...
    @property
    def oidc_name_fr(self) -> str: ...
    @property
    def oidc_name_en(self) -> str: ...
    @property
    def oidc_scope(self) -> str: ...
    @property
    def oidc_link_by_email(self) -> bool: ...
    @property
    def allowed_private_hosts(self) -> tuple[str, ...]: ...
    @property
    def authorities(self) -> Path: ...


def authorities_problems(given: Settings) -> list[str]:
    """What is wrong with the file of those that certify whom we call."""
    try:
        if given.authorities != Path():
            verifying(given.authorities)
    except OSError:
        return [f"LMS_AUTHORITIES names {given.authorities}, which is no file of certificates (PEM) that can be read."]
    return []


def private_hosts_problems(given: Settings) -> list[str]:
    """What is wrong with the hosts that may be called though private: one written otherwise allows nothing."""
    return [
        f"LMS_ALLOWED_PRIVATE_HOSTS has {host}, which allows nothing: write hosts in small letters, with a port or "
        "without, and nothing more: lms.intranet.example, 10.0.0.8:8443."
        for host in given.allowed_private_hosts
        if not _PRIVATE_HOST.fullmatch(host)
    ]


def cache_problems(given: Settings) -> list[str]:
    """What is wrong with that of the server of shared counts."""
    if given.cache_url and not _is_cache(given.cache_url):
        return [
            "LMS_CACHE_URL must be like valkeys://user:password@host:6379 (or redis://host), or empty for none. After "
            "a « ? » it may have, with the first one, ssl_ca_certs=FILE, the authority of its certificate."
        ]
    return []


def antivirus_problems(given: Settings) -> list[str]:
    """What is wrong with that of the antivirus."""
    try:
        if given.antivirus_url:
            place_of(given.antivirus_url)
    except ValueError:
        return ["LMS_ANTIVIRUS_URL must be like clamd://host:3310 or clamd:///run/clamav/clamd.ctl, or empty for none."]
    return []


def mail_problems(given: Settings) -> list[str]:
    """What is wrong with those of the mail server."""
    problems = []
    if given.smtp_url and not _is_mail_server(given.smtp_url):
        problems.append("LMS_SMTP_URL must be like smtps://user:password@mail.example:465, or empty to send nothing.")
    elif given.smtp_url and not _signs_in_with_ascii(given.smtp_url):
        problems.append("The name and the password in LMS_SMTP_URL may hold no accent: smtplib tells ASCII alone.")
    if bool(given.smtp_url) != bool(given.mail_from):
        problems.append("LMS_SMTP_URL and LMS_MAIL_FROM go together: give both, or neither.")
    if given.mail_from and not _is_address(given.mail_from):
        problems.append("LMS_MAIL_FROM must be an e-mail address.")
    return problems


def lrs_problems(given: Settings) -> list[str]:
    """What is wrong with those of the learning record store; nothing where none is given."""
    named = (bool(given.lrs_url), bool(given.lrs_key), given.lrs_secret_file != Path())
    if not any(named):
        return []
    if not all(named):
        return ["LMS_LRS_URL, LMS_LRS_KEY and LMS_LRS_SECRET_FILE go together: give all three, or none."]
    problems = []
    if not _is_web(given.lrs_url):
        problems.append("LMS_LRS_URL must be a web address without final slash: https://lrs.example/xapi.")
    elif not given.lrs_url.startswith("https://") and not _is_private(given.lrs_url, given):
        problems.append("LMS_LRS_URL must be https, or its host one of LMS_ALLOWED_PRIVATE_HOSTS.")
    if ":" in given.lrs_key:
        problems.append("LMS_LRS_KEY holds no colon: it is the name that goes before the secret.")
    try:
        if not lrs_secret(given.lrs_secret_file):
            problems.append(f"LMS_LRS_SECRET_FILE names {given.lrs_secret_file}, which is empty.")
    except (OSError, ValueError):
        problems.append(f"LMS_LRS_SECRET_FILE names {given.lrs_secret_file}, which cannot be read.")
    return problems


def oidc_problems(given: Settings) -> list[str]:
    """What is wrong with those of the sign-in by OpenID Connect; nothing where none is given."""
    named = (bool(given.oidc_issuer), bool(given.oidc_client_id), bool(given.oidc_client_secret))
    if not any(named):
        return ["LMS_OIDC_LINK_BY_EMAIL needs LMS_OIDC_ISSUER."] if given.oidc_link_by_email else []
    if not all(named):
        return ["LMS_OIDC_ISSUER, LMS_OIDC_CLIENT_ID and LMS_OIDC_CLIENT_SECRET go together: give all three, or none."]
    problems = []
    # As the provider writes it, final slash or not: it is compared exactly.
    if not _is_web(given.oidc_issuer.removesuffix("/")) or len(given.oidc_issuer) > 255:
        problems.append(
            "LMS_OIDC_ISSUER must be the provider's issuer, as it publishes it: https://sign-in.example/api."
        )
    elif not given.oidc_issuer.startswith("https://") and not _is_private(given.oidc_issuer, given):
        problems.append("LMS_OIDC_ISSUER must be https, or its host one of LMS_ALLOWED_PRIVATE_HOSTS.")
    if bool(given.oidc_name_fr) != bool(given.oidc_name_en):
        problems.append("LMS_OIDC_NAME_FR and LMS_OIDC_NAME_EN go together: give both, or none.")
    scopes = given.oidc_scope.split()
    if "openid" not in scopes:
        problems.append("LMS_OIDC_SCOPES must have openid among its words.")
    if given.oidc_link_by_email and "email" not in scopes:
        problems.append("LMS_OIDC_LINK_BY_EMAIL needs the scope email: LMS_OIDC_SCOPES=openid,email.")
    return problems


def lrs_secret(path: Path) -> str:
    """The secret in that file, without the end of its line."""
    return path.read_text("utf-8").strip()


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False
    return usable and not (parts.query or parts.fragment or url.endswith("/"))


def _is_private(url: str, given: Settings) -> bool:
    parts = urlsplit(url)
    return bool({parts.hostname, parts.netloc} & set(given.allowed_private_hosts))


def _is_cache(url: str) -> bool:
    from redis import RedisError  # read where there is one alone: docs/adr/0056

    from lms.counting import pool_of

    try:
        parts = urlsplit(url)
        named = parts.scheme in {"redis", "rediss", "valkey", "valkeys"} and bool(parts.hostname) and parts.port != 0
        if not named or not set(parse_qs(parts.query, keep_blank_values=True)) <= _CACHE_OPTIONS:
            return False
        pool_of(url).make_connection()  # which calls nobody yet
    except (ValueError, TypeError, RedisError):
        return False
    return True


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _signs_in_with_ascii(url: str) -> bool:
    parts = urlsplit(url)
    return unquote(f"{parts.username}{parts.password}").isascii()


def _is_address(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and host) and text.isascii() and not any(sign.isspace() or sign in "<>," for sign in text)
