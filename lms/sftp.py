"""Files sent by SFTP, to the one server of the configuration: by key, and to nobody but the host whose key is known."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from posixpath import join
from urllib.parse import unquote, urlsplit

import asyncssh

#: How long a server may take to answer, and one file to be sent, in seconds.
ANSWER, SEND = 20, 900


class NotSent(Exception):
    """The file is not there. ``refused``: the server or its key must be put right first; else it may be tried again."""

    def __init__(self, why: str, *, refused: bool) -> None:
        super().__init__(why)
        self.why, self.refused = why, refused


@dataclass(frozen=True)
class Target:
    """Where files go: « sftp://user@host:port/path » and the files of the key and of the known hosts."""

    user: str
    host: str
    port: int
    path: str
    key: Path
    known_hosts: Path


def target(url: str, key: Path, known_hosts: Path) -> Target:
    """The server that an address of the configuration names."""
    parts = urlsplit(url)
    return Target(
        unquote(parts.username or ""), parts.hostname or "", parts.port or 22, unquote(parts.path) or "/", key,
        known_hosts,
    )  # fmt: skip


def send(where: Target, source: Path, name: str) -> None:
    """Put the file there under that name, whole at once; one of that name is replaced. Raises ``NotSent``."""
    try:
        # In a thread of its own: the caller's may have a loop that runs.
        with ThreadPoolExecutor(1) as alone:
            alone.submit(asyncio.run, asyncio.wait_for(_send(where, source, name), SEND)).result()
    except asyncssh.HostKeyNotVerifiable as error:
        raise NotSent("host_key", refused=True) from error
    except (asyncssh.PermissionDenied, asyncssh.KeyImportError) as error:
        raise NotSent("login", refused=True) from error
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile) as error:
        raise NotSent("folder", refused=True) from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise NotSent("unreachable", refused=False) from error


async def _send(where: Target, source: Path, name: str) -> None:
    async with (
        asyncssh.connect(
            where.host, where.port, username=where.user, client_keys=[str(where.key)],
            known_hosts=str(where.known_hosts), connect_timeout=ANSWER, login_timeout=ANSWER, keepalive_interval=15,
            config=None, agent_path=None, password_auth=False, kbdint_auth=False,
        ) as connection,
        connection.start_sftp_client() as client,
    ):  # fmt: skip
        whole, part = join(where.path, name), join(where.path, f".{name}.part")
        await client.put(str(source), part)
        try:
            await client.posix_rename(part, whole)
        except asyncssh.SFTPOpUnsupported:
            if await client.exists(whole):
                await client.remove(whole)
            await client.rename(part, whole)
