"""Writes the bill of materials (SBOM, CycloneDX 1.6) of what the wheel installs: ``make sbom``."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import jsonschema_rs
from cyclonedx.schema import SchemaVersion, _res

from tests.supply.settings import ROOT
from tests.wheel_starts import install

BILL = ROOT / "dist" / "sbom.cdx.json"
#: Where the schemas of CycloneDX say that they are.
PLACE = "http://cyclonedx.org/schema/"


def main() -> int:
    """Write it to ``dist/``: 0 when it is one."""
    BILL.parent.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        wheel, python = install(Path(folder))
        write(python, BILL)
        text = BILL.read_text("utf-8")
        wrong = problems(text) or differences(text, (Path(folder) / "requirements.txt").read_text("utf-8"))
    print("\n".join(wrong) or f"{BILL.relative_to(ROOT)}: what {wheel.name} installs.")
    return 1 if wrong else 0


def write(python: str, where: Path) -> None:
    """Write the bill of the environment of that interpreter; the same environment gives the same bytes."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--no-validate"]
    command += ["--sv", "1.6", "--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(where), python]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # it says there what we ask of it
    if done.returncode:
        raise SystemExit(done.stderr)


def problems(text: str) -> list[str]:
    """Why a text is no bill of materials of CycloneDX 1.6; nothing when it is one.

    By the schemas that ``cyclonedx`` ships. Its own validator reads each address with a grammar, which takes a minute.
    """
    strict = _schema(_res.BOM_JSON_STRICT[SchemaVersion.V1_6])
    others = [(f"{PLACE}{Path(path).name}", _schema(path)) for path in (_res.SPDX_JSON, _res.JSF)]
    rules = jsonschema_rs.validator_for(strict, registry=jsonschema_rs.Registry(others), validate_formats=True)
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in rules.iter_errors(json.loads(text))
    ]


def differences(text: str, locked: str) -> list[str]:
    """What a bill names that is not locked, and what is locked for every system that it does not name."""
    named = {_name(part["name"]) for part in json.loads(text)["components"]}
    lines = [line for line in locked.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    asked = {_name(line.split("==")[0].split("[")[0]) for line in lines}
    always = {_name(line.split("==")[0].split("[")[0]) for line in lines if ";" not in line}
    return [f"{name} is not locked" for name in sorted(named - asked)] + [
        f"{name} is not in the bill" for name in sorted(always - named)
    ]


def _name(said: str) -> str:
    return said.strip().lower().replace("_", "-").replace(".", "-")  # PEP 503


def _schema(path: object) -> object:
    return json.loads(Path(str(path)).read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main())
