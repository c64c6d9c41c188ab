"""A guard around every socket of a process and of its children, put in place before their first line runs.

A folder named first in ``PYTHONPATH`` gives Python this module at its start. It goes by the audit events of the
interpreter (PEP 578), which no code can take away again and no way around the ``socket`` module escapes. Native code is
out of its sight: of what the service uses, libpq alone opens connections of its own, to the configured database.

``GUARD_PORTS`` are the ports of this machine that may be called; ``GUARD_RECORD`` is the file that says what was asked.
"""

import json
import os
import socket
import sys
from errno import EACCES
from typing import Any

#: Names and addresses of this machine; None and nothing are « any of mine ».
HERE = {"localhost", "127.0.0.1", "::1", "", "None"}
RECORD = os.environ["GUARD_RECORD"]
PORTS = {int(port) for port in os.environ["GUARD_PORTS"].split(",")}
CONNECTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
RESOLVES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
STARTS = {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}
#: What ``ctypes.util.find_library`` asks where a library is.
LIBRARIANS = {"ldconfig", "gcc", "cc", "ld", "objdump"}


def guard(event: str, given: tuple[Any, ...]) -> None:
    """Record what leaves, and refuse what goes elsewhere, as a network that is closed would."""
    if event in CONNECTS and given[0].family in (socket.AF_INET, socket.AF_INET6):
        address = given[1]
        if address is None:  # a datagram on a socket that is connected already
            return
        _judge(event, f"{address[0]}:{address[1]}", str(address[0]) in HERE and address[1] in PORTS)
    elif event in RESOLVES:
        name = given[0][0] if event == "socket.getnameinfo" else given[0]
        name = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        _judge(event, name, name in HERE)
    elif event in STARTS:  # another program would be out of sight
        program = os.fsdecode(given[0] or given[1][0])
        _judge(event, program, program == sys.executable or program.rpartition("/")[2] in LIBRARIANS)


def _judge(event: str, asked: str, allowed: bool) -> None:
    line = json.dumps({"event": event, "asked": asked, "allowed": allowed}) + "\n"
    descriptor = os.open(RECORD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, line.encode())  # one write: lines of several processes do not mix
    os.close(descriptor)
    if not allowed:
        kind = socket.gaierror if event in RESOLVES else PermissionError
        raise kind(EACCES, f"refused by the guard: {asked}")


sys.addaudithook(guard)
