"""TLS as this service asks for it when it calls: 1.2 and 1.3, with forward secrecy and authenticated ciphers alone."""

import ssl
from pathlib import Path

import certifi

#: What Mozilla's « intermediate » advice names for TLS 1.2 (version 5.7); every cipher of TLS 1.3 is such a one.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aPSK:!aDSS:!aNULL"
#: Nothing before: 1.0 and 1.1 are no longer to be used (RFC 8996).
OLDEST = ssl.TLSVersion.TLSv1_2


def verifying(authorities: Path = Path()) -> ssl.SSLContext:
    """What verifies whoever is called, by name: against certifi's roots, the system's, and ``authorities`` (PEM).

    It offers nothing weaker; the newest version is what both sides choose. One for each kind of caller, which may add
    the protocols it speaks. Raises ``OSError`` (``ssl.SSLError`` is one)
    where that file is none of certificates.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if authorities != Path():
        context.load_verify_locations(authorities)
    context.minimum_version, context.maximum_version = OLDEST, ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.set_ciphers(CIPHERS)
    return context
