"""The whole examination, in the order in which things are put right."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import DBAPIError

from lms.config import Config, ConfigError
from lms.doctor import beside, database, folders, lasting, outside, scanned, settings, working
from lms.doctor.finding import Finding, good
from lms.models import db
from lms.models.database import reading

#: Every check, in order.
CHECKS = (
    "settings", "settings_file", "address", "proxies", "secret_key", "issuer", "mail", "sftp", "authorities", "data",
    "timestamps", "export_folder", "keys", "cache", "antivirus", "database", "encryption", "isolation", "clock",
    "migrations", "rights", "upkeep", "replica", "lti_key", "tracks", "worker", "outbox", "public", "forged",
    "certificate", "compression",
)  # fmt: skip
#: Those made at the public address, when asked for.
REACHING = frozenset({"public", "forged", "certificate", "compression"})


def unusable(error: ConfigError) -> list[Finding]:
    """Settings that cannot be used: each says its own fix, and nothing else can be looked at."""
    where = "Correct it where the process is given its settings: its environment, or the file of LMS_CONFIG."
    return [Finding("settings", "bad", problem, where) for problem in error.problems]


def examine(
    app: Flask, *, worker: bool = False, reach: bool = False, settings_paths: Sequence[str] = ()
) -> list[Finding]:
    """Everything that can be looked at from here; changes nothing. Raises nothing that a deployment can cause.

    ``worker``: this machine runs workers. ``reach``: ask at the public address too. ``settings_paths``: ``LMS_CONFIG``.
    """
    config: Config = app.extensions["mpia"]
    found = [Finding("settings", "ok", "Every setting can be used.")]
    found += [settings.settings_file(path) for path in settings_paths or (None,)]
    looks = (settings.address, settings.proxies, settings.secret_key, settings.issuer, settings.mail, settings.sftp)
    found += [look(config) for look in (*looks, lasting.authorities, folders.data)]
    if worker:
        found += [lasting.timestamps(config), folders.export_folder(config)]
    found.append(folders.keys(config, worker=worker))
    found.append(beside.cache(config))
    found += scanned.antivirus(app.extensions["antivirus"], config, max(app.extensions["uploads"].values()))
    found += _database(app, config)
    if reach:
        found += [look(config) for look in (outside.public, outside.forged, outside.certificate, outside.compression)]
    return found


def _database(app: Flask, config: Config) -> list[Finding]:
    """What the database says; what depends on tables that are not there is said not to have been looked at."""
    with app.app_context(), reading(db.session()):
        session = db.session()
        found = list(database.database(session, config))
        try:
            if good(found):
                found += beside.replica(session, config, app.extensions["replica"])
                keys = app.extensions["tool_keys"]
                found.append(working.lti_key(session, keys, timedelta(days=config.lti_key_days)))
                found.append(working.tracks(session, config))
                found.append(working.worker(session))
                found.append(working.outbox(session))
        except DBAPIError as error:
            session.rollback()
            found.append(
                Finding(
                    "database", "bad", f"A table could not be read: {type(error.orig).__name__}.",
                    "Run: lms db upgrade, with LMS_OWNER_DATABASE_URL where another account owns the tables.",
                )
            )  # fmt: skip
        seen = {each.check for each in found}
        found += _not_looked_at(seen, postgresql=config.database.startswith("postgresql"))
    return found


def _not_looked_at(seen: set[str], *, postgresql: bool) -> Iterator[Finding]:
    depends = ("encryption", "isolation", "clock", "rights", "upkeep") if postgresql else ()
    for name in (*depends, "migrations", "replica", "lti_key", "tracks", "worker", "outbox"):
        if name not in seen:
            yield Finding(name, "none", "Not looked at: it depends on what failed above.")
