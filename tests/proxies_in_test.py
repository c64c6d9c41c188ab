"""Real proxies with the settings that ship: their names, ports and certificate alone are of this machine."""

import re
import ssl
import sys
from abc import abstractmethod
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from socket import create_connection
from threading import Event
from typing import Any, ClassVar

import httpx

from tests import http2_in_test
from tests.cache_in_test import self_signed
from tests.deploy_in_test import DEPLOY, GUIDE
from tests.heard_in_test import spoken
from tests.running_in_test import PATIENCE, Running, free_port, listens


class Proxy(Running):
    """In front of services of this machine, whose ports are given; a context."""

    #: The file of its settings, in its folder.
    SETTINGS: ClassVar[str]

    def __init__(self, folder: Path, *behind: int) -> None:
        self._settings = folder / self.SETTINGS
        self._folder, self.port, self.plain = folder, free_port(), free_port()
        self.certificate, self._key = self_signed(folder)
        self._trust = ssl.create_default_context(cafile=self.certificate)
        self._write(*behind)

    @abstractmethod
    def _write(self, *behind: int) -> None:
        """Write the settings that ship, for this machine."""

    def change(self, changes: dict[str, str]) -> None:
        """Change its settings, before it starts."""
        self._settings.write_text(replaced(self._settings.read_text(), changes))

    def browser(self) -> httpx.Client:
        """Asks it as browsers do, at its public address, trusting its certificate; follows nothing by itself."""
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=self._trust, timeout=PATIENCE)

    def line(self, protocol: str = "http/1.1") -> ssl.SSLSocket:
        """A connection to it, by TLS, where that is spoken."""
        trust = ssl.create_default_context(cafile=self.certificate)
        trust.set_alpn_protocols([protocol])
        line = trust.wrap_socket(create_connection(("127.0.0.1", self.port), PATIENCE), server_hostname="127.0.0.1")
        assert line.selected_alpn_protocol() == protocol
        return line

    def spoken(self, message: bytes) -> bytes:
        """What first answers such bytes, nothing where it closes."""
        return spoken(self.line(), message)

    def spoken_as_http2(self, fields: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Whether a request of HTTP/2 was answered, rather than ended."""
        return http2_in_test.spoken(self.line("h2"), fields, body)

    def broken_off(self, message: bytes) -> None:
        """Say that much, which is passed on meanwhile, and be gone: a network that is cut."""
        with self.line() as line:
            line.sendall(message)
            Event().wait(0.1)


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each change made; each has something to change."""
    for was, now in changes.items():
        assert was in text, was
        text = text.replace(was, now)
    return text


class Nginx(Proxy):
    """Debian's nginx with ``docs/deploy/nginx.conf``, in front of two services."""

    SETTINGS = "lms.conf"

    def _write(self, *behind: int) -> None:
        folder = self._folder
        text = replaced((DEPLOY / "nginx.conf").read_text("utf-8"), {
            **{f"127.0.0.1:800{at}": f"127.0.0.1:{port}" for at, port in enumerate(behind, 1)},
            "listen 80;": f"listen 127.0.0.1:{self.plain};", "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/lms/tls.crt": str(self.certificate), "/etc/lms/tls.key": str(self._key),
            "formation.example": "127.0.0.1", "root /etc/lms;": f"root {DEPLOY};",
        })  # fmt: skip
        self._settings.write_text(re.sub(r"listen \[::\].*", "", text))
        rooms = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # What Debian's own file says around it, as the guide changes it.
        (connections,) = re.findall(r"worker_connections \d+;", GUIDE.read_text("utf-8"))
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{ {connections} }}\n"
            f"http {{ access_log off; {rooms} include {self._settings}; }}\n"
        )

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = ["/usr/sbin/nginx", "-p", self._folder, "-c", self._folder / "nginx.conf", "-e", "stderr"]
        self._begin(command, self._folder / "nginx.log", lambda: listens(self.port))

    def __exit__(self, *error: Any) -> None:
        self.end()

    def sending(self, form: bytes, *, of: int) -> ssl.SSLSocket:
        """A connection where the beginning of a form was sent, ``of`` so many bytes."""
        line = self.line()
        line.sendall(b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (of, form))
        return line

    def announcing(self, size: int) -> int:
        """The status that answers a form which says that it has that many bytes, before any is sent."""
        line = HTTPSConnection("127.0.0.1", self.port, context=self._trust, timeout=PATIENCE)
        with closing(line):
            line.putrequest("POST", "/x")
            line.putheader("Content-Length", str(size))
            line.endheaders()
            return line.getresponse().status


class Caddy(Proxy):
    """Caddy with ``docs/deploy/Caddyfile``, in front of services that it is told of rather than finds by name."""

    SETTINGS = "Caddyfile"

    def _write(self, *behind: int) -> None:
        services = " ".join(f"127.0.0.1:{port}" for port in behind)
        text = re.sub(
            r"dynamic a web 8000 {.*?}", f"to {services}", (DEPLOY / "Caddyfile").read_text("utf-8"), flags=re.DOTALL
        )
        changed = replaced(text, {
            "http_port 8080": f"http_port {self.plain}", "https_port 8443": f"https_port {self.port}",
            "http://:8081": f"http://:{free_port()}", "X-Forwarded-Port 443": f"X-Forwarded-Port {self.port}",
            "/run/secrets/tls.crt": str(self.certificate), "/run/secrets/tls.key": str(self._key),
            "{$SITE}": "127.0.0.1", "root * /etc/caddy": f"root * {DEPLOY}",
        })  # fmt: skip
        assert services in changed
        self._settings.write_text(changed)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [Path(sys.executable).with_name("caddy"), "run", "--config", self._settings]
        self._begin([*command, "--adapter", "caddyfile"], self._folder / "caddy.log", lambda: listens(self.port))
