"""Link headers (RFC 8288), read as platforms write them rather than as they should (LTI.md R15)."""

import re
from html import unescape
from urllib.parse import urljoin

import httpx

#: An address, and all that is said of it before the next one; addresses and titles may hold commas and semicolons.
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
#: Relations are in no quotes for some, and in curly ones for Moodle.
_REL = re.compile(r";\s*rel\s*=\s*[\"'“”«»‘’]?\s*([^\"'“”«»‘’;,]+)", re.IGNORECASE)


def next_link(answer: httpx.Response, asked: str) -> str | None:
    """The address of the next page, absolute and in its own case; None on the last one.

    ``asked`` is the address that was read. Whether the next one may be called is for the caller to check.
    """
    for value in answer.headers.get_list("link"):
        for address, parameters in _LINK.findall(_readable(value)):
            relations = {word.lower() for found in _REL.findall(parameters) for word in found.split()}
            if "next" in relations:
                try:
                    return urljoin(asked, unescape(address.strip()))
                except ValueError:
                    return None
    return None


def _readable(value: str) -> str:
    # Headers come as Latin-1 text; Moodle's curly quotes are UTF-8.
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
