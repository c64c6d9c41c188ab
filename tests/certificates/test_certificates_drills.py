"""Old and new certificates after each change of keys, judged by implementations that are not ours."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from certificate_samples import DID, make_record
from test_certificates_independent import judged

from certificates import status
from certificates.format import FORMATS
from certificates.sign import rotation
from certificates.sign.keys import Keys
from certificates.verify import verify

NOW = datetime.now(UTC)
RECORD = make_record(issued_at=NOW, valid_until=None)


def opened(folder: Path) -> Keys:
    return Keys.open(folder / "keys", b"secret", DID, NOW)


def signed(keys: Keys) -> dict[str, bytes]:
    """A certificate in both forms others read, its page, and the lists that speak of it."""
    lists = [
        status.status_list_credential(purpose, status.empty(), url, DID, keys, NOW)
        for purpose, url in (("revocation", RECORD.status_list_url), ("suspension", RECORD.suspension_list_url))
    ]
    return {
        "credential.json": FORMATS["jsonld"].render(RECORD, keys),
        "credential.jwt": FORMATS["jwt"].render(RECORD, keys),
        "page.pdf": FORMATS["pdf"].render(RECORD, keys),
        **{f"list-{number}.json": json.dumps(one).encode() for number, one in enumerate(lists, 1)},
    }


def said(judges: Path, folder: Path, files: dict[str, bytes], document: dict[str, Any]) -> tuple[bool, bool]:
    """Whether digitalbazaar and jose believe them."""
    answer = judged(judges, folder, {**files, "did.json": json.dumps(document).encode()}, NOW)
    return answer["verified"], answer["jwt"] is not None


def ours(files: dict[str, bytes], document: dict[str, Any]) -> set[str]:
    """What we say of the same."""
    lists = [json.loads(files[name]) for name in ("list-1.json", "list-2.json")]
    forms = (files[name] for name in ("credential.json", "credential.jwt", "page.pdf"))
    return {verify(data, did_document=document, status_list=lists, now=NOW).state for data in forms}


@pytest.mark.parametrize("act", ["rotation", "retirement", "compromise"])
def test_others_believe_what_we_believe(judges: Path, tmp_path: Path, act: str) -> None:
    old = signed(opened(tmp_path))
    if act == "rotation":
        rotation.rotate(tmp_path / "keys", b"secret", DID, NOW)
    for use in ("ed", "rs256", "seal"):
        if act != "rotation":
            does = rotation.retire if act == "retirement" else rotation.compromise
            does(tmp_path / "keys", f"{use}-{NOW.year}-1", b"secret", DID, NOW)
    keys = opened(tmp_path)
    new, document = signed(keys), keys.did_document()
    assert all(new[name] != old[name] for name in old), "other keys sign"
    assert said(judges, tmp_path, new, document) == (True, True)
    assert ours(new, document) == {"valid"}
    believed = act != "compromise"
    assert said(judges, tmp_path, old, document) == (believed, believed)
    assert ours(old, document) == ({"valid"} if believed else {"unverifiable"})
    for files in (old, new):
        (tmp_path / "page.pdf").write_bytes(files["page.pdf"])
        command = ["pdfsig", "-nocert", tmp_path / "page.pdf"]
        poppler = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Signature is Valid" in poppler
        assert "Total document signed" in poppler
