"""A disk of a few megabytes, which a test may fill: it is there for the processes that enter it, and for no other."""

import os
import pwd
import subprocess
from contextlib import suppress
from pathlib import Path

#: What is written at once as the disk is filled, in bytes; the second is what a file takes of it at least.
_BLOCKS = (1_000_000, 4096)


class Disk:
    """A file system in memory, of so many megabytes, at ``folder``, which exists and is empty.

    A process of its own holds it, in a mount namespace of its own (Linux), as long as this one lives and does not let
    it go. Whoever is not root makes one within a user namespace.
    """

    def __init__(self, folder: Path, megabytes: int, user: str | None) -> None:
        """``user`` is whose it is, where root makes it; None otherwise."""
        self._folder, self._user = folder, user
        owner = f",uid={self._account.pw_uid},gid={self._account.pw_gid}" if user else ""
        mount = f"mount -t tmpfs -o size={megabytes}m,mode=700{owner} tests {folder} && echo made && exec cat"
        alone = ["unshare", "--mount"] if user else ["unshare", "--map-root-user", "--mount"]
        self._holder = subprocess.Popen([*alone, "sh", "-c", mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"made\n", (
            "No disk can be made here: be root, or allow user namespaces "
            "(sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0)."
        )

    def close(self) -> None:
        """Let it go."""
        self._holder.communicate()

    def entered(self, command: list[str]) -> list[str]:
        """That command, run by its user where the disk is."""
        account = self._account
        enter = ["nsenter", f"--target={self._holder.pid}", "--mount"]
        if self._user:
            who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
            return [*enter, "setpriv", *who, *command]
        same = ["unshare", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"]
        return [*enter, "--user", "--preserve-credentials", *same, *command]

    @property
    def seen(self) -> Path:
        """Where it is for those outside."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    def fill(self) -> None:
        """Leave no room on it."""
        with (self.seen / "ballast").open("ab", buffering=0) as ballast:
            for size in _BLOCKS:
                with suppress(OSError):
                    while True:
                        ballast.write(bytes(size))

    def make_room(self) -> None:
        """Take away what fills it."""
        (self.seen / "ballast").unlink()

    @property
    def _account(self) -> pwd.struct_passwd:
        return pwd.getpwnam(self._user) if self._user else pwd.getpwuid(os.getuid())
