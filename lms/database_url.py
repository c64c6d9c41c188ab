"""The address of the database, as its makers write it, made the one that SQLAlchemy reads."""

import re
from urllib.parse import quote, unquote, urlencode

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_PLAIN = ("postgresql://", "postgres://", "postgresql+psycopg://")
_OURS = "postgresql+psycopg://"
#: The drivers shipped, and of which kind of database each is.
_KINDS = {"sqlite": "sqlite", "sqlite+pysqlite": "sqlite", "postgresql+psycopg": "postgresql"}
#: Who, « a:5432,b:5433 », the database's name, the parameters.
_PARTS = re.compile(r"(?:(?P<who>[^@/?]*)@)?(?P<hosts>[^@/?]*)(?P<name>/[^?]*)?(?:\?(?P<more>.*))?")
_HOST = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<name>[^:]*))(?::(?P<port>\d*))?")


def sqlalchemy_url(url: str) -> str:
    """The address with our driver, several hosts told as SQLAlchemy wants them.

    ``postgresql://lms@a:5432,b:5433/lms`` is how PostgreSQL itself names a primary and its standbys (its manual,
    34.1.1.2 « Connection URIs »); SQLAlchemy takes hosts and ports as parameters. What is not read so stays as it is.
    """
    plain = next((each for each in _PLAIN if url.startswith(each)), None)
    if plain is None:
        return url
    rest = url.removeprefix(plain)
    parts = _PARTS.fullmatch(rest)
    if parts is None or "," not in parts["hosts"]:
        return _OURS + rest
    hosts = [_HOST.fullmatch(each) for each in parts["hosts"].split(",")]
    if not all(each and (each["six"] or each["name"]) for each in hosts):
        return _OURS + rest
    names = [unquote(each["six"] or each["name"]) for each in hosts if each]
    ports = [each["port"] or "5432" for each in hosts if each]
    told = urlencode({"host": ",".join(names), "port": ",".join(ports)}, quote_via=quote)
    who = f"{parts['who']}@" if parts["who"] is not None else ""
    return f"{_OURS}{who}{parts['name'] or '/'}?{told}" + (f"&{parts['more']}" if parts["more"] else "")


def kind_of(url: str) -> str:
    """``sqlite`` or ``postgresql``: the kind of database of an address of SQLAlchemy; empty where it cannot be used."""
    try:
        found = make_url(url)
        if kind := _KINDS.get(found.drivername, ""):
            found.get_dialect()().create_connect_args(found)
    except (ArgumentError, ValueError):  # a port that is no number, an option that is none
        return ""
    return kind
