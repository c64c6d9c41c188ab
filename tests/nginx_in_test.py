"""A real nginx with the settings that ship: their names, ports and certificate alone are of this machine."""

import re
import ssl
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from socket import create_connection

import httpx

from tests.cache_in_test import self_signed
from tests.deploy_in_test import DEPLOY
from tests.running_in_test import PATIENCE, Running, free_port

PROGRAM = "/usr/sbin/nginx"


class Nginx(Running):
    """``docs/deploy/nginx.conf`` in front of two services of this machine, whose ports are given; a context."""

    def __init__(self, folder: Path, *behind: int) -> None:
        self._folder, self.port, self.plain = folder, free_port(), free_port()
        self.certificate, key = self_signed(folder)
        self._trust = ssl.create_default_context(cafile=self.certificate)
        text = (DEPLOY / "nginx.conf").read_text("utf-8")
        for was, now in {
            **{f"127.0.0.1:800{at}": f"127.0.0.1:{port}" for at, port in enumerate(behind, 1)},
            "listen 80;": f"listen 127.0.0.1:{self.plain};", "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "/etc/lms/tls.crt": str(self.certificate), "/etc/lms/tls.key": str(key), "formation.example": "127.0.0.1",
            "root /etc/lms;": f"root {DEPLOY};",
        }.items():  # fmt: skip
            assert was in text, was
            text = text.replace(was, now)
        text = re.sub(r"listen \[::\].*", "", text)
        (folder / "lms.conf").write_text(text)
        rooms = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # What Debian's own file says around it.
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; {rooms} include {folder}/lms.conf; }}\n"
        )

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [PROGRAM, "-p", self._folder, "-c", self._folder / "nginx.conf", "-e", "stderr"]
        self._begin(command, self._folder / "nginx.log", self._listens)

    def browser(self) -> httpx.Client:
        """Asks it as browsers do, at its public address, trusting its certificate; follows nothing by itself."""
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=self._trust)

    def announcing(self, size: int) -> int:
        """The status that answers a form which says that it has that many bytes, before any is sent."""
        line = HTTPSConnection("127.0.0.1", self.port, context=self._trust, timeout=PATIENCE)
        with closing(line):
            line.putrequest("POST", "/x")
            line.putheader("Content-Length", str(size))
            line.endheaders()
            return line.getresponse().status

    def _listens(self) -> bool:
        try:
            create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True
