"""Asks a public service whether what is installed has known vulnerabilities (part of make sure).

Where the service does not answer, nothing was checked: that is said in so many words, and is a failure unless
``--offline-ok`` was given. A silent green would be worth less than no check.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.supply.settings import OURSELVES, tool

#: A package that has known vulnerabilities. A service that does not know them would find none in ours either.
CANARY = "jinja2==2.10"
#: Seconds for the canary, and for everything installed.
WAIT, LONG = 20, 60
AUDIT = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
NOT_CHECKED = """
************************************************************************
NOT CHECKED: {why}.
Whether what is installed has known vulnerabilities is not known here.
Run « make audit » where the package index answers questions about vulnerabilities.
************************************************************************"""


def main(arguments: Sequence[str]) -> int:
    """0 when everything was looked up and nothing was found; also, with ``--offline-ok``, when it could not be."""
    accepted: dict[str, str] = tool("vulnerabilities")["accepted"]
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "canary.txt"
        listed.write_text(f"{CANARY}\n", "utf-8")
        canary = ask(["--requirement", str(listed), "--no-deps", "--disable-pip"], WAIT)
    if not faults(canary):
        return not_checked("service unreachable", arguments)
    answer = ask(["--skip-editable", *(word for name in accepted for word in ("--ignore-vuln", name))], LONG)
    if answer is None:
        return not_checked("the service stopped answering", arguments)
    found, unknown = faults(answer), left_out(answer)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        return 1
    if unknown:
        return not_checked(f"the service does not know {', '.join(unknown)}", arguments)
    named = ", ".join(accepted) or "none"
    print(f"Vulnerabilities: none known in {len(answer['dependencies'])} packages; accepted: {named}.")
    return 0


def ask(words: Sequence[str], seconds: int) -> dict[str, Any] | None:
    """What pip-audit answers, as its JSON; None when it could not."""
    try:
        done = subprocess.run([*AUDIT, *words], capture_output=True, text=True, timeout=seconds, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return answer


def faults(answer: dict[str, Any] | None) -> list[str]:
    """A line for each known vulnerability of an answer."""
    packages = answer["dependencies"] if answer else []
    return [
        f"{package['name']} {package['version']}: {fault['id']}; mended in {', '.join(fault['fix_versions']) or '—'}"
        for package in packages
        for fault in package.get("vulns", [])
    ]


def left_out(answer: dict[str, Any]) -> list[str]:
    """The packages that were not looked up, ourselves apart."""
    return [each["name"] for each in answer["dependencies"] if "skip_reason" in each and each["name"] != OURSELVES]


def not_checked(why: str, arguments: Sequence[str]) -> int:
    """Say it loudly: 1, or 0 for whoever said that it may be."""
    print(NOT_CHECKED.format(why=why), file=sys.stderr)
    return 0 if "--offline-ok" in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
