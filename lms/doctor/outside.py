"""The service as others reach it: asked at its public address, through whatever is in front."""

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from lms.config import Config
from lms.doctor.finding import Finding
from lms.doctor.lasting import REPLACED, lasting
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from lms.request_ids import HEADER

Ask = Callable[[str], httpx.Response]
PATIENCE = 10  # seconds
#: What the proxy says of https, and what a proxy may take for something else although the service does not;
#: so for the id of a request.
_PROTO = ("X-Forwarded-Proto", "X_Forwarded_Proto")
_ID = (HEADER, HEADER.replace("-", "_"))
_CHOSEN = "0d0c0b0a0908"


def public(config: Config, ask: Ask | None = None) -> Finding:
    """Whether ``/readyz`` answers at the public address, as this service, knowing that it was asked over https."""
    url = f"{config.base_url}/readyz"
    try:
        answer = (ask or _asker(config))(url)
        lacking = [name for name in ("database", "migrations", "keys") if not answer.json()["checks"][name]]
    except LtiError as error:
        return Finding(
            "public", "bad", f"{url} does not answer from here ({error}).",
            f"Check the reverse proxy, its certificate (curl -v {url}; LMS_AUTHORITIES names authorities of your own) "
            "and the firewall. Where this machine may not call itself by its public name, ask from another one.",
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError):
        return Finding(
            "public", "bad", f"Something else than this service answers at {url} (HTTP {answer.status_code}).",
            "Let the reverse proxy pass every address of that name on to lms serve, unchanged.",
        )  # fmt: skip
    if lacking:
        return Finding(
            "public", "bad", f"The service answers and is not ready: {', '.join(lacking)}.",
            "Run lms doctor where that web process runs, with its settings.",
        )  # fmt: skip
    if url.startswith("https:") and not _told_of_https(answer):
        return Finding(
            "public", "bad", "The service was asked over https and was not told so by the proxy.",
            "Let the proxy set X-Forwarded-Proto (docs/deploy/nginx/front.conf), and LMS_TRUSTED_PROXIES be the number "
            "of proxies.",
        )  # fmt: skip
    return Finding("public", "ok", f"{url} answers, ready.")


def compression(config: Config, ask: Ask | None = None) -> Finding:
    """Whether what pages are made of leaves compressed for browsers that say they can read it, as all do."""
    url = f"{config.base_url}/static/look.css"
    try:
        answer = (ask or _asker(config, {"Accept-Encoding": "gzip"}))(url)
    except (LtiError, httpx.DecodingError) as error:
        return Finding("compression", "none", f"{url} could not be asked for ({error}).")
    if "Content-Encoding" not in answer.headers:
        return Finding(
            "compression", "warn", f"{url} is sent as it is: pages weigh four times what they could on a slow network.",
            "Let the proxy compress text (gzip in docs/deploy/nginx/front.conf).",
        )  # fmt: skip
    return Finding("compression", "ok", "Pages leave compressed.")


def forged(config: Config, ask: Callable[[str, dict[str, str]], httpx.Response] | None = None) -> Finding:
    """Whether what a visitor writes of themselves, or as the id of a request, is believed for what the proxy says, by
    its name or one that WSGI takes for it: to the service, ``X_Forwarded_For`` is ``X-Forwarded-For`` (PEP 3333)."""
    url = f"{config.base_url}/readyz"
    asked = ask or (lambda url, headers: _asker(config, headers)(url))
    try:
        if not _told_of_https(asked(url, {})):
            return Finding("forged", "none", f"{url} does not say whether it was asked over https.")
        believed = [name for name in _PROTO if not _told_of_https(asked(url, {name: "http"}))]
        chosen = [name for name in _ID if asked(url, {name: _CHOSEN}).headers.get(HEADER) == _CHOSEN]
    except LtiError as error:
        return Finding("forged", "none", f"{url} could not be asked for ({error}).")
    if believed:
        return Finding(
            "forged", "bad", f"A visitor who writes {' or '.join(believed)} is believed: they can claim any address.",
            "Let the proxy set each X-Forwarded-* anew, and pass on no header whose name has an underscore "
            "(nginx passes none; HAProxy: http-request del-header _ -m sub).",
        )  # fmt: skip
    if chosen:
        return Finding(
            "forged", "warn", f"A visitor who writes {' or '.join(chosen)} chooses the id of their requests: the logs "
            "tell of them under that of somebody else.",
            'Let the proxy take X-Request-ID away, or set it anew (nginx: proxy_set_header X-Request-ID "").',
        )  # fmt: skip
    return Finding("forged", "ok", "What visitors write of themselves is not believed.")


def certificate(config: Config) -> Finding:
    """Whether the certificate at the public address goes on being valid for some time; whose it is, ``public`` sees."""
    parts = urlsplit(config.base_url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return Finding("certificate", "none", f"{config.base_url} has none: it is not https.")
    try:
        shown = ssl.get_server_certificate((host, parts.port or 443), timeout=PATIENCE)
    except OSError as error:
        return Finding("certificate", "none", f"That of {host} could not be asked for ({type(error).__name__}).")
    return lasting(
        "certificate", f"The certificate of {host}", x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc,
        "Replace it where the proxy reads it; where a program does that by itself, look at why it has not.", REPLACED,
    )  # fmt: skip


def _told_of_https(answer: httpx.Response) -> bool:
    return "Strict-Transport-Security" in answer.headers


def _asker(config: Config, headers: dict[str, str] | None = None) -> Ask:
    # Behind a name of our own, which may well lead to a private address.
    parts = urlsplit(config.base_url)
    outbound = Outbound((parts.hostname or "",), config.authorities)

    def ask(url: str) -> httpx.Response:
        try:
            return outbound.request("GET", url, headers=headers)
        finally:
            outbound.close()

    return ask
