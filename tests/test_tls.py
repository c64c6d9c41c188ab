"""TLS as we ask for it, of real servers, and as the proxy that ships offers it."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import RedisError

from lms import counting, mail
from lms.config import ConfigError, load_config
from lms.lti import http
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from lms.tls import verifying
from tests.cache_in_test import self_signed
from tests.deploy_in_test import NGINX

V = ssl.TLSVersion
#: Ciphers of TLS 1.2 with forward secrecy that authenticate what they encrypt.
RECOMMENDED = re.compile(r"(ECDHE|DHE)-(ECDSA-|RSA-)?(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Server:
    """A TLS server that speaks one version alone, and ``ciphers`` of 1.2; ``spoken`` is what each call agreed upon."""

    def __init__(self, folder: Path, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> None:
        self.certificate, key = self_signed(folder)
        self.answers = True
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._context.set_ciphers(ciphers)
        self._context.minimum_version = self._context.maximum_version = version
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port, self.spoken = self._listening.getsockname()[1], list[str]()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                plain, _who = self._listening.accept()
                with plain, suppress(OSError), self._context.wrap_socket(plain, server_side=True) as caller:
                    self.spoken.append(str(caller.version()))
                    if self.answers:
                        caller.recv(65536)
                        caller.sendall(ANSWER)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def serving(folder: Path, version: ssl.TLSVersion, ciphers: str = "ALL:@SECLEVEL=0") -> Iterator[Server]:
    server = Server(folder, version, ciphers)
    try:
        yield server
    finally:
        server.close()


def by_platforms(server: Server, authorities: Path) -> bool:
    """Whether a call to a platform comes through."""
    outbound = Outbound(("127.0.0.1",), authorities)
    try:
        return outbound.request("GET", f"https://127.0.0.1:{server.port}/").is_success
    except LtiError:
        return False
    finally:
        outbound.close()


def by_mail(server: Server, authorities: Path) -> bool:
    """Whether a mail server is spoken to: past TLS this one hangs up."""
    server.answers = False
    with pytest.raises((OSError, mail.smtplib.SMTPException)):
        mail._server(f"smtps://127.0.0.1:{server.port}", authorities)
    return bool(server.spoken)


def by_cache(server: Server, authorities: Path) -> bool:
    with pytest.raises(RedisError):  # it is none
        counting.ask(f"valkeys://127.0.0.1:{server.port}?ssl_ca_certs={authorities}")
    return bool(server.spoken)


CALLERS = pytest.mark.parametrize("calls", [by_platforms, by_mail, by_cache])
#: Calls that server, whose certificate is among those authorities.
Calls = Callable[[Server, Path], bool]


@CALLERS
@pytest.mark.parametrize(("version", "said"), [(V.TLSv1_2, "TLSv1.2"), (V.TLSv1_3, "TLSv1.3")])
def test_the_versions_of_today_are_spoken(tmp_path: Path, calls: Calls, version: ssl.TLSVersion, said: str) -> None:
    with serving(tmp_path, version) as server:
        assert calls(server, server.certificate)
        assert set(server.spoken) == {said}


@CALLERS
def test_a_server_of_before_is_not_called(tmp_path: Path, calls: Calls) -> None:
    with serving(tmp_path, V.TLSv1_1) as server:
        assert not calls(server, server.certificate)
        assert server.spoken == []
        # It does answer whoever still speaks as it does.
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(server.certificate)
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = V.TLSv1_1
        plain = socket.create_connection(("127.0.0.1", server.port))
        with plain, old.wrap_socket(plain, server_hostname="127.0.0.1") as spoken:
            assert spoken.version() == "TLSv1.1"
            spoken.sendall(b"?")


@CALLERS
@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "NULL"])
def test_nor_is_one_whose_ciphers_are_not_advised(tmp_path: Path, calls: Calls, cipher: str) -> None:
    with serving(tmp_path, V.TLSv1_2, f"{cipher}:@SECLEVEL=0") as server:
        assert not calls(server, server.certificate)


@pytest.mark.parametrize("calls", [by_platforms, by_mail])
def test_who_is_called_is_certified_by_an_authority_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    """By one of the settings' or of the system's; else nobody is spoken to."""
    with serving(tmp_path, V.TLSv1_3) as server:
        assert not calls(server, Path())
        assert server.spoken == []
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))  # where OpenSSL looks for the system's
        http._trusting.cache_clear()
        assert calls(server, Path())
    http._trusting.cache_clear()


def test_a_file_of_no_certificates_stops_the_service(tmp_path: Path) -> None:
    (tmp_path / "words.pem").write_text("no certificate")
    for name in ("words.pem", "nothing.pem"):
        with pytest.raises(ConfigError, match=f"LMS_AUTHORITIES names .*{name}"):
            load_config({"LMS_AUTHORITIES": str(tmp_path / name), "LMS_DATA_DIR": str(tmp_path / "var")})
    certificate, _key = self_signed(tmp_path)
    load_config(
        {
            "LMS_AUTHORITIES": str(certificate),
            "LMS_DATA_DIR": str(tmp_path / "var"),
            "LMS_BASE_URL": "https://x.example",
        }
    )


def test_the_newest_is_preferred_and_nothing_weak_is_offered() -> None:
    context = verifying()
    offered = [cipher["name"] for cipher in context.get_ciphers()]
    assert offered[0].startswith("TLS_")
    assert all(name.startswith("TLS_") or RECOMMENDED.fullmatch(name) for name in offered)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_proxy_that_ships_offers_the_same() -> None:
    nginx = re.sub(r"#.*", "", (NGINX / "front.conf").read_text("utf-8"))
    assert re.findall(r"ssl_protocols (.+);", nginx) == ["TLSv1.2 TLSv1.3"]
    (ciphers,) = re.findall(r"ssl_ciphers (.+);", nginx)
    assert all(RECOMMENDED.fullmatch(name) for name in ciphers.split(":"))
