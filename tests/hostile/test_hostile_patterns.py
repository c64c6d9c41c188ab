"""Texts that keep a regular expression busy (R), and ways out that nobody checks (A2): read in the sources."""

import ast
import subprocess
import sys

from tests.hostile.court import case
from tests.hostile.patterns import ROOT, patterns, sources

#: Modules by which a program calls another, and the files that may use each.
WAYS_OUT = {
    # The doctor looks names up, reads a key as SFTP will, and the certificate at our own public address. « lms serve »
    # calls nobody: it tries whether it may listen.
    "socket": {"lms/lti/http.py", "lms/doctor/settings.py", "lms/antivirus.py", "lms/cli/service.py"},
    "httpcore": {"lms/lti/http.py"},
    "smtplib": {"lms/mail.py"},
    "asyncssh": {"lms/sftp.py", "lms/doctor/settings.py"},
    "ssl": {"lms/lti/http.py", "lms/mail.py", "lms/tls.py", "lms/doctor/outside.py"},
    # PyLTI1p3 wants a session of requests to be given; the one it gets can call nobody.
    "requests": {"lms/lti/pylti.py"},
    "urllib.request": set(), "http.client": set(), "ftplib": set(), "urllib3": set(), "aiohttp": set(),
    "xmlrpc.client": set(), "telnetlib": set(), "websockets": set(),
}  # fmt: skip
#: What of httpx calls somebody; the rest are values.
CALLERS = {"Client", "AsyncClient", "get", "post", "put", "delete", "head", "request", "stream"}


@case("R1 100 000 characters of what each pattern repeats, which end as it does not expect")
def test_no_text_keeps_a_pattern_busy(case_name: str) -> None:
    assert len(patterns()[0]) > 100
    command = [sys.executable, "-m", "tests.hostile.patterns"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@case("A2 every module that calls others, in every source")
def test_one_client_calls(case_name: str) -> None:
    """What is called goes by the client that checks addresses, by SFTP or by mail to the configured server."""
    found: dict[str, set[str]] = {module: set() for module in WAYS_OUT}
    calling = set()
    for path, source in sources().items():
        for node in ast.walk(ast.parse(source)):
            for name in _imported(node):
                if name in found:
                    found[name].add(path)
            if isinstance(node, ast.Attribute) and node.attr in CALLERS and ast.unparse(node.value) == "httpx":
                calling.add(path)
    assert {module: paths - WAYS_OUT[module] for module, paths in found.items() if paths - WAYS_OUT[module]} == {}
    assert calling == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return []
