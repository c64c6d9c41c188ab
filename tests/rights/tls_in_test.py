"""A PostgreSQL that speaks TLS: what ends it stands in front of a server that does not, and passes on what is said."""

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from select import select

#: What a client sends first: its length, and « TLS? » (PostgreSQL's manual, « Message Formats », SSLRequest).
_ASKED = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


class TlsFront:
    """Listens on 127.0.0.1 and speaks TLS where asked, plainly else; a context."""

    def __init__(self, behind: str, certificate: Path, key: Path) -> None:
        """``behind``: the path of the server's socket."""
        self._behind = behind
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> "TlsFront":
        self._threads[0].start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _who = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(caller,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, caller: socket.socket) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as server:
            server.connect(self._behind)
            if caller.recv(8, socket.MSG_PEEK) == _ASKED:
                caller.recv(8)
                caller.sendall(b"S")
                caller = self._tls.wrap_socket(caller, server_side=True)
            _pass_on(caller, server)
        caller.close()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Give each what the other says, until one of them ends."""
    while True:
        waiting = isinstance(one, ssl.SSLSocket) and one.pending()  # what was deciphered and not read yet
        for each in [one] if waiting else select([one, other], [], [])[0]:
            said = each.recv(65536)
            if not said:
                return
            (other if each is one else one).sendall(said)
