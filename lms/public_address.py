"""The one form of the public address: browsers say their origin so, and it is compared with theirs, sign for sign."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
#: What RFC 3986 (3.3) lets a path hold.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


def normalised(url: str) -> str:
    """That web address in small letters, without user, query, the port that goes without saying, nor final slash.

    Empty where it is no web address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = f"[{ip_address(host).compressed}]" if ":" in host else host.encode("idna").decode()
    except ValueError:  # a port that is no number, an address or a name that is none
        return ""
    path = parts.path.rstrip("/")
    if parts.scheme not in _PORTS or port == 0 or not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        return ""
    place = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{place}{path}"
