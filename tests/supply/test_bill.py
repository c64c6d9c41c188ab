"""The wheel is built whole, and a bill of materials is one and names what is installed, no more."""

import json
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.supply.bill import differences, problems, write
from tests.wheel_starts import build

ROOMS = {"lms", "curricula", "assessments", "certificates", "translations"}


def test_the_wheel_holds_the_rooms_and_its_licence_and_nothing_of_the_workshop(tmp_path: Path) -> None:
    with ZipFile(build(tmp_path)) as held:
        names = held.namelist()
        said = held.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    assert "License-Expression: EUPL-1.2" in said
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == ROOMS
    assert [name for name in names if name.endswith((".pem", ".p12", ".sqlite3", ".env", "keyring.json"))] == []


def test_the_bill_of_an_environment_is_one_and_names_its_packages(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.cdx.json"
    write(sys.executable, bill)
    text = bill.read_text("utf-8")
    assert problems(text) == []
    said = json.loads(text)
    assert said["metadata"]["component"]["name"] == "manager-public-ia"
    packages = {part["name"]: part for part in said["components"]}
    assert {"Flask", "cryptography", "psycopg"} <= packages.keys()
    assert packages["Flask"]["purl"] == f"pkg:pypi/flask@{packages['Flask']['version']}"


def test_what_is_no_bill_is_told() -> None:
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "nmae": "flask"}]}
    said = " ".join(problems(json.dumps(bill)))
    assert "nmae" in said
    assert '"name" is a required property' in said


def test_a_bill_that_is_not_of_what_is_locked_is_told() -> None:
    locked = "flask[async]==3.1.0 \\\n    --hash=sha256:00\ntzdata==2026.1 ; sys_platform == 'win32'\nruamel.yaml==1\n"
    bill = json.dumps({"components": [{"name": "Flask"}, {"name": "pytest"}]})
    assert differences(bill, locked) == ["pytest is not locked", "ruamel-yaml is not in the bill"]
    assert differences(json.dumps({"components": [{"name": "flask"}, {"name": "ruamel_yaml"}]}), locked) == []
