"""The address of the database, as its makers write it, made the one that SQLAlchemy reads."""

import re
from urllib.parse import quote, unquote, urlencode

_PLAIN = ("postgresql://", "postgres://", "postgresql+psycopg://")
_OURS = "postgresql+psycopg://"
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
