"""nginx with the settings that ship: its names, ports and certificate alone are of this machine."""

import re
import ssl
from abc import abstractmethod
from contextlib import closing
from http.client import HTTPSConnection
from os import geteuid
from pathlib import Path
from shutil import copytree, rmtree
from socket import create_connection
from threading import Event
from typing import Any

import httpx

from tests import http2_in_test
from tests.cache_in_test import self_signed
from tests.deploy_in_test import GUIDE, NGINX
from tests.heard_in_test import spoken
from tests.running_in_test import PATIENCE, Running, free_port, listens

PROGRAM = "/usr/sbin/nginx"
#: Of what nginx keeps files, by each of its modules.
RECEIVED = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
#: Its workers work as who tests, whose folders are closed to others; who is not root cannot do otherwise.
OURSELVES = "user root;" if geteuid() == 0 else ""


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with each change made; each has something to change."""
    for was, now in changes.items():
        assert was in text, was
        text = text.replace(was, now)
    return text


class Proxy(Running):
    """``front.conf`` before services of this machine, whose ports are given; a context."""

    def __init__(self, folder: Path, *behind: int) -> None:
        self.port, self.plain = free_port(), free_port()
        self.certificate, key = self_signed(folder)
        self._trust = ssl.create_default_context(cafile=self.certificate)
        self._folder, self._shipped = folder, folder / "nginx"
        copytree(NGINX, self._shipped)
        self._change("front.conf", {
            "listen 80;": f"listen 127.0.0.1:{self.plain};", "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "listen [::]": "# listen [::]", "/etc/lms/tls.crt": str(self.certificate), "/etc/lms/tls.key": str(key),
            "/etc/lms/nginx": str(self._shipped),
        })  # fmt: skip
        self._command = self._prepared(behind)

    @abstractmethod
    def _prepared(self, behind: tuple[int, ...]) -> list[str | Path]:
        """What starts it, its other files made ready for those services."""

    def _change(self, name: str, changes: dict[str, str]) -> None:
        """Change one of its files."""
        file = self._shipped / name
        file.write_text(replaced(file.read_text("utf-8"), changes))

    def change(self, changes: dict[str, str]) -> None:
        """Change its settings, before it starts."""
        self._change("front.conf", changes)

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

    def spoken_as_http2(self, fields: list[tuple[bytes, bytes]], body: bytes) -> bytes | None:
        """What answers a request of HTTP/2, none where it is ended."""
        return http2_in_test.spoken(self.line("h2"), fields, body)

    def broken_off(self, message: bytes) -> None:
        """Say that much, which is passed on meanwhile, and be gone: a network that is cut."""
        with self.line() as line:
            line.sendall(message)
            Event().wait(0.1)

    def sending(self, form: bytes, *, of: int) -> ssl.SSLSocket:
        """A connection where the beginning of a form was sent, ``of`` so many bytes."""
        line = self.line()
        line.sendall(b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (of, form))
        return line

    def announcing(self, size: int) -> tuple[int, str]:
        """The status and page that answer a form which says that it has that many bytes, before any is sent."""
        line = HTTPSConnection("127.0.0.1", self.port, context=self._trust, timeout=PATIENCE)
        with closing(line):
            line.putrequest("POST", "/x")
            line.putheader("Content-Length", str(size))
            line.endheaders()
            answer = line.getresponse()
            return answer.status, answer.read().decode()

    def keep_nothing(self) -> None:
        """Take away the folders where it puts what it receives, as a full disk would."""
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder != self._shipped:
                rmtree(folder)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._begin(self._command, self._folder / "nginx.log", lambda: listens(self.port))

    def __exit__(self, *error: Any) -> None:
        self.end()


class BesideServices(Proxy):
    """As an installation with systemd has it, inside Debian's own main file as the guide changes it."""

    def _prepared(self, behind: tuple[int, ...]) -> list[str | Path]:
        self._change("front.conf", {"${SITE}": "127.0.0.1"})
        self._change("services.conf", {f"127.0.0.1:800{at}": f"127.0.0.1:{port}" for at, port in enumerate(behind, 1)})
        kept = "".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in RECEIVED)
        (connections,) = re.findall(r"worker_connections \d+;", GUIDE.read_text("utf-8"))
        main = self._folder / "nginx.conf"
        main.write_text(
            f"pid {self._folder}/pid; error_log stderr; worker_processes 1; events {{ {connections} }}\n"
            f"http {{ access_log off; {kept}\n"
            f"include {self._shipped}/services.conf; include {self._shipped}/front.conf; }}\n"
        )
        return [PROGRAM, "-p", self._folder, "-c", main, "-e", "stderr", "-g", f"daemon off; {OURSELVES}"]


class InContainers(Proxy):
    """As Compose and Kubernetes have it: their script starts it, told by the environment."""

    def _prepared(self, behind: tuple[int, ...]) -> list[str | Path]:
        self._change("containers.conf", {
            "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{free_port()};", "/tmp/": f"{self._folder}/",
            "worker_processes 4": "worker_processes 1",
        })  # fmt: skip
        self._change("containers.sh", {
            "/tmp/": f"{self._folder}/", "/etc/lms/nginx": str(self._shipped),
            "exec nginx": f"exec {PROGRAM} -p {self._folder} -e stderr", "daemon off;": f"daemon off; {OURSELVES}",
        })  # fmt: skip
        services = " ".join(f"127.0.0.1:{port}" for port in behind)
        return ["env", "SITE=127.0.0.1", f"SERVICES={services}", "/bin/sh", self._shipped / "containers.sh"]
