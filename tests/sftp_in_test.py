"""A real SFTP server on this machine, for files that the service delivers."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh


@dataclass
class SftpServer:
    """Where it is, what it holds, and the settings of a service that may write there."""

    port: int
    root: Path
    key: Path
    known_hosts: Path

    def settings(self, folder: str = "/drop") -> dict[str, object]:
        return {
            "export_sftp": f"sftp://hr@127.0.0.1:{self.port}{folder}", "export_sftp_key": self.key,
            "export_sftp_known_hosts": self.known_hosts,
        }  # fmt: skip


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """A server that lets in the bearer of one key, into one folder."""
    host, own = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    root = folder / "sftp"
    (root / "drop").mkdir(parents=True)
    own.write_private_key(str(folder / "key"))
    own.write_public_key(str(folder / "authorized"))
    loop = asyncio.new_event_loop()

    def inside(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:  # type: ignore[type-arg]
        return asyncssh.SFTPServer(channel, chroot=str(root))

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host], authorized_client_keys=str(folder / "authorized"),
            sftp_factory=inside,
        )  # fmt: skip

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    port = listening.get_port()
    public = host.export_public_key().decode().strip()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    try:
        yield SftpServer(port, root, folder / "key", folder / "known_hosts")
    finally:

        async def stop() -> None:
            listening.close()
            await listening.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
