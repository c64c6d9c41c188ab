"""What the settings alone say of a deployment; that they can be used at all is checked when they are read."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import asyncssh

from lms.config import Config
from lms.doctor.finding import Finding
from lms.sftp import target

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def address(config: Config) -> Finding:
    """The public address: others can reach it, by https, and its name leads somewhere."""
    host = urlsplit(config.base_url).hostname or ""
    if host in LOOPBACK:
        return Finding(
            "address", "bad", f"LMS_BASE_URL is {config.base_url}, which nobody else can reach.",
            "Set LMS_BASE_URL to the public address, such as https://formation.example. Certificates carry it: "
            "choose it for years.",
        )  # fmt: skip
    if not resolves(host):
        return Finding(
            "address", "bad", f"{host}, the name in LMS_BASE_URL, leads nowhere from here.",
            f"Add {host} to the DNS, or correct LMS_BASE_URL; then check this machine's resolver: getent hosts {host}",
        )  # fmt: skip
    return Finding("address", "ok", f"{config.base_url} is https, and its name leads somewhere.")


def proxies(config: Config) -> Finding:
    """How many proxies are trusted, against the address: the service itself speaks http."""
    https = config.base_url.startswith("https:")
    if https and config.trusted_proxies == 0:
        return Finding(
            "proxies", "bad",
            "LMS_BASE_URL is https and LMS_TRUSTED_PROXIES is 0: links would be in http, and every visitor would seem "
            "to come from the proxy.",
            "Set LMS_TRUSTED_PROXIES to the number of proxies in front that set X-Forwarded-*: 1 where there is one.",
        )  # fmt: skip
    if not https and config.trusted_proxies:
        return Finding(
            "proxies", "warn",
            f"LMS_TRUSTED_PROXIES is {config.trusted_proxies} and LMS_BASE_URL is http: where no proxy is in front, "
            "anyone can claim any address.",
            "Set LMS_TRUSTED_PROXIES=0, or give the https address of the proxy in LMS_BASE_URL.",
        )  # fmt: skip
    return Finding("proxies", "ok", f"Proxies trusted: {config.trusted_proxies}.")


def secret_key(config: Config) -> Finding:
    """The secret key was given, rather than made at first start in the data directory of one machine."""
    made = config.data_dir / "secret"
    try:
        own = made.read_text("ascii").strip() == config.secret_key
    except (OSError, ValueError):
        own = False
    if own:
        return Finding(
            "secret_key", "bad",
            f"The secret key is the one made at first start in {made}: no other machine has it, and who reads the "
            "data directory reads what it protects.",
            f"Keep the content of {made} with your secrets, give it as LMS_SECRET_KEY (or as secret_key in the file "
            f"of LMS_CONFIG) to every process, then remove {made}. For a new installation: openssl rand -base64 48",
        )  # fmt: skip
    return Finding("secret_key", "ok", "The secret key is given by the settings.")


def settings_file(path: str | None) -> Finding:
    """The file of ``LMS_CONFIG`` may hold secrets: other users of the machine must not read it."""
    if not path:
        return Finding("settings_file", "ok", "No settings file: the environment alone.")
    if Path(path).stat().st_mode & 0o004:
        return Finding(
            "settings_file", "bad", f"{path} can be read by every user of this machine.",
            f"Run: chmod o-rwx {path}. In a container, let its uid own the file.",
        )  # fmt: skip
    return Finding("settings_file", "ok", f"{path} cannot be read by others.")


def issuer(config: Config) -> Finding:
    """Certificates are worth something only once the issuer is a real one."""
    if config.issuer_fictitious:
        return Finding(
            "issuer", "warn", "The issuer is declared fictitious: certificates say that they are worth nothing.",
            "Set LMS_ISSUER_NAME_FR and LMS_ISSUER_NAME_EN, then LMS_ISSUER_FICTITIOUS=false.",
        )  # fmt: skip
    for name in ("issuer_name_fr", "issuer_name_en"):
        if getattr(config, name) == getattr(Config(), name):
            return Finding(
                "issuer", "bad", f"Certificates that are worth something would be issued by {getattr(config, name)}.",
                f"Set LMS_{name.upper()} to the institution's name in that language, or LMS_ISSUER_FICTITIOUS=true.",
            )  # fmt: skip
    return Finding("issuer", "ok", f"Certificates are issued by {config.issuer_name_fr}.")


def mail(config: Config) -> Finding:
    """The mail server, where there is one, has a name that leads somewhere."""
    if not config.mails:
        return Finding("mail", "ok", "No mail server (LMS_SMTP_URL): nothing is sent by e-mail.")
    host = urlsplit(config.smtp_url).hostname or ""
    if not resolves(host):
        return Finding(
            "mail", "bad", f"{host}, the mail server in LMS_SMTP_URL, leads nowhere from here.",
            f"Correct LMS_SMTP_URL, or let this machine resolve the name: getent hosts {host}",
        )  # fmt: skip
    return Finding("mail", "ok", f"Messages are handed in at {host}, from {config.mail_from}.")


def sftp(config: Config) -> Finding:
    """The server that exports are delivered to: its host key is known, and our key can be used by nobody else."""
    if not config.export_sftp:
        return Finding("sftp", "ok", "No SFTP server (LMS_EXPORT_SFTP): nothing is delivered to one.")
    where = target(config.export_sftp, config.export_sftp_key, config.export_sftp_known_hosts)
    try:
        asyncssh.read_private_key(str(where.key))
    except (OSError, ValueError) as error:
        return Finding(
            "sftp", "bad", f"{where.key} (LMS_EXPORT_SFTP_KEY) cannot be used: {type(error).__name__}.",
            "Give a private key without passphrase that this process may read: ssh-keygen -t ed25519 -N '' -f KEY",
        )  # fmt: skip
    if where.key.stat().st_mode & 0o077:
        return Finding(
            "sftp", "bad", f"{where.key} (LMS_EXPORT_SFTP_KEY) can be read by others.", f"Run: chmod 600 {where.key}"
        )
    scan = f"ssh-keyscan -p {where.port} {where.host} >> {where.known_hosts}, then compare with what its owner says."
    try:
        known = asyncssh.read_known_hosts(str(where.known_hosts))
    except (OSError, ValueError):
        return Finding("sftp", "bad", f"{where.known_hosts} (LMS_EXPORT_SFTP_KNOWN_HOSTS) cannot be read.", scan)
    keys, authorities, *_rest = known.match(where.host, "", where.port if where.port != 22 else None)
    if not keys and not authorities:
        said = f"{where.known_hosts} (LMS_EXPORT_SFTP_KNOWN_HOSTS) does not know {where.host}, port {where.port}."
        return Finding("sftp", "bad", said, scan)
    return Finding("sftp", "ok", f"Exports may be delivered to {where.host}, whose key is known.")


def resolves(host: str) -> bool:
    """Whether a name leads to an address."""
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False
