"""The seal and the timestamps of certificates, as the settings say; what waits while they cannot be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.sign import seals
from certificates.sign.keys import KeysError
from certificates.sign.seals import Ask, Seal, SealEnded, SealUnavailable, Timestamps
from lms.config import Config
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from lms.services.outcomes import N_, TryLater

#: How often it is looked whether there is another seal, once the certificate of one has ended.
ANOTHER = timedelta(hours=1)
_WAITS = N_("The seal or its timestamp cannot be had at this moment. Certificates wait.")


def seal_of(config: Config) -> Seal | None:
    """The seal that the settings name; None for one of our own. Raises ``KeysError``."""
    if config.seal_pkcs12 != Path():
        named = config.seal_passphrase_file != Path()
        passphrase = _secret(config.seal_passphrase_file) if named else config.seal_passphrase
        return seals.from_pkcs12(config.seal_pkcs12, passphrase)
    if config.seal_pkcs11 != Path():
        above = _certificates(config.seal_chain) if config.seal_chain != Path() else []
        pin = _secret(config.seal_pin_file)
        return seals.from_pkcs11(config.seal_pkcs11, config.seal_token, config.seal_key, pin, above)
    return None


def timestamps_of(config: Config) -> Timestamps | None:
    """Who timestamps seals; None when nobody does. Raises ``KeysError``."""
    if config.seal_level == "B":
        return None
    root = _certificates(config.tsa_root)[0].public_bytes(Encoding.DER)
    return Timestamps(config.tsa_url, root, _asker(config), long_term=config.seal_level == "LT")


@contextmanager
def sealing() -> Iterator[None]:
    """Jobs that seal do so in it: ``TryLater`` where nothing can be sealed now.

    Whoever does not answer is tried again like any other. For another seal they wait as long as it takes.
    """
    try:
        yield
    except SealEnded as error:
        raise TryLater(f"{_WAITS}\n{error}", ANOTHER, cause="seal", counted=False) from error
    except SealUnavailable as error:
        raise TryLater(f"{_WAITS}\n{error}", cause="seal") from error


def _asker(config: Config) -> Ask:
    outbound = Outbound(config.allowed_private_hosts, config.authorities)

    def ask(url: str, body: bytes | None, media_type: str) -> bytes:
        method, headers = ("GET", None) if body is None else ("POST", {"Content-Type": media_type})
        try:
            answer = outbound.request(method, url, content=body, headers=headers)
        except LtiError as error:
            raise SealUnavailable(f"{url}: {error}") from error
        if not answer.is_success:
            raise SealUnavailable(f"{url}: {answer.status_code}")
        return answer.content

    return ask


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise KeysError(f"cannot read {path}: {type(error).__name__}") from error


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise KeysError(f"{path} does not hold certificates in PEM: {type(error).__name__}") from error
