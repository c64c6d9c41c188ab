"""``lms verify``: 2 for what cannot be read, 1 for what is read and cannot be believed."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from certificates import status
from certificates.format import FORMATS
from certificates.sign.keys import Keys, did_web
from lms.devlms import serve
from tests.certificates.certificate_samples import make_record
from tests.cli.conftest import Run

CREDENTIAL = b'{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}'


def repr_of(content: str) -> str:
    """A short name for a test case."""
    return repr(content[:12])


@pytest.fixture
def documents(tmp_path: Path) -> tuple[str, ...]:
    """Options that keep the command offline: an empty DID document, no list."""
    (tmp_path / "did.json").write_text("{}")
    (tmp_path / "status.json").write_text("[]")
    return ("--did", "did.json", "--status", "status.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"hello",
        b"%PDF-1.7\n",
        b"%PDF-1.7\n/Encrypt startxref",
        b"{",
        b'{"a": 1',
        b"\x00\xff" * 50,
        b"<html></html>",
        b"[]",
        b"x" * (3 * 1024 * 1024),
        b'{"a": "' + b"x" * (300 * 1024) + b'"}',
        b'{"a": ' + b"[" * 100_000,
    ],
    ids=["empty", "blank", "text", "cut pdf", "encrypted pdf", "brace", "cut json", "bytes", "html", "list", "3 MB",
         "300 kB of json", "deep json"],
)  # fmt: skip
def test_a_file_that_is_no_certificate_is_unreadable(
    run: Run, tmp_path: Path, documents: tuple[str, ...], content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    outcome = run("verify", "file", *documents)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("ILLISIBLE · UNREADABLE")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [CREDENTIAL, b"{}", b"aaaa.bbbb.cccc", b'{"a": 1, "a": 2}', b"%PDF-1.7\nstartxref\n0\n%%EOF"],
    ids=["unsigned", "empty object", "forged jwt", "key twice", "unsigned pdf"],
)
def test_a_file_nobody_signed_is_not_valid(
    run: Run, tmp_path: Path, documents: tuple[str, ...], content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    outcome = run("verify", "file", *documents)
    assert outcome.status in {1, 2}
    assert "VALIDE" not in outcome.out.split("\n")[0].split(" · ")
    assert "Traceback" not in outcome.err


def test_a_file_that_is_not_there_is_unreadable(run: Run, documents: tuple[str, ...]) -> None:
    assert run("verify", "nowhere.pdf", *documents).status == 2


def test_a_folder_is_unreadable(run: Run, tmp_path: Path, documents: tuple[str, ...]) -> None:
    (tmp_path / "folder").mkdir()
    assert run("verify", "folder", *documents).status == 2


@pytest.mark.parametrize("content", ["", "not json", "[]", "3", "null", '"text"', "[" * 100_000], ids=repr_of)
def test_a_did_document_that_is_none_is_unreadable(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_bytes(CREDENTIAL)
    (tmp_path / "did.json").write_text(content)
    (tmp_path / "status.json").write_text("[]")
    outcome = run("verify", "file", "--did", "did.json", "--status", "status.json")
    assert outcome.status == 2
    assert "did.json" in outcome.err


@pytest.mark.parametrize("content", ["", "not json", "3", "[3]", "null", '["text"]', "[" * 100_000], ids=repr_of)
def test_a_status_list_that_is_none_is_unreadable(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_bytes(CREDENTIAL)
    (tmp_path / "did.json").write_text(json.dumps({}))
    (tmp_path / "status.json").write_text(content)
    outcome = run("verify", "file", "--did", "did.json", "--status", "status.json")
    assert outcome.status == 2
    assert "status.json" in outcome.err


def test_an_address_that_does_not_answer_is_unreadable(run: Run, documents: tuple[str, ...]) -> None:
    outcome = run("verify", "http://127.0.0.1:1/credential.json", *documents, LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    assert outcome.status == 2


def test_a_private_address_is_not_asked(run: Run, documents: tuple[str, ...]) -> None:
    outcome = run("verify", "http://127.0.0.1:1/credential.json", *documents)
    assert outcome.status == 2


def test_a_document_named_but_missing_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CREDENTIAL)
    assert run("verify", "file", "--did", "nowhere.json").status == 2


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, bytes], Callable[[bool], None]]]:
    """A certificate in every form, whose issuer publishes its documents on this machine, or no longer does."""
    app, documents = Flask("issuer"), dict[str, Any]()

    @app.get("/<path:name>")
    def document(name: str) -> Any:
        return jsonify(documents[name]) if documents.get(name) else ("gone", 410)

    server = serve(app, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{server.port}"
    did, now = did_web(base_url), datetime.now(UTC)
    keys = Keys.open(tmp_path_factory.mktemp("issuer"), b"a passphrase", did, now)
    model = make_record()
    record = make_record(
        issuer=type(model.issuer)(did, model.issuer.name, base_url), base_url=base_url, issued_at=now,
        valid_until=now.replace(year=now.year + 3, day=1), status_list_url=f"{base_url}/status/revocation-1",
        suspension_list_url=f"{base_url}/status/suspension-1",
    )  # fmt: skip
    published = {".well-known/did.json": keys.did_document()}
    for purpose, url in (("revocation", record.status_list_url), ("suspension", record.suspension_list_url)):
        signed = status.status_list_credential(purpose, status.empty(), str(url), did, keys, now)
        published[f"status/{purpose}-1"] = signed

    def answers(well: bool) -> None:
        documents.clear()
        documents.update(published if well else {})

    yield {key: form.render(record, keys) for key, form in FORMATS.items()}, answers
    server.stop()


@pytest.mark.parametrize("form", ["pdf", "jsonld", "jwt", "png", "svg"])
def test_the_file_alone_leads_to_what_judges_it(
    run: Run, tmp_path: Path, issuer: tuple[dict[str, bytes], Callable[[bool], None]], form: str
) -> None:
    files, answers = issuer
    (tmp_path / "file").write_bytes(files[form])
    answers(True)
    outcome = run("verify", "file", LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    assert (outcome.status, outcome.out.split(" · ")[0]) == (0, "VALIDE")
    assert "DID: did:web:127.0.0.1" in outcome.out
    answers(False)  # nobody accuses it of being changed: nothing is known
    outcome = run("verify", "file", LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    assert (outcome.status, outcome.out.split(" · ")[0]) == (1, "INVÉRIFIABLE")
    assert "did.json" in outcome.err


def test_several_files_say_whose_they_are(
    run: Run, tmp_path: Path, issuer: tuple[dict[str, bytes], Callable[[bool], None]]
) -> None:
    files, answers = issuer
    answers(True)
    for form in ("pdf", "jwt"):
        (tmp_path / form).write_bytes(files[form])
    outcome = run("verify", "pdf", "jwt", LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1")
    assert outcome.status == 0
    for line, form in zip(outcome.out.splitlines(), ("pdf", "jwt"), strict=True):
        word, name, number, did = line.split("\t")
        assert (word, name, number) == ("VALIDE · VALID", form, make_record().number)
        assert did.startswith("did:web:127.0.0.1")
    told = json.loads(run("verify", "pdf", "--json", LMS_ALLOWED_PRIVATE_HOSTS="127.0.0.1").out)
    assert told["issuer"].startswith("did:web:127.0.0.1")


def test_a_pdf_that_carries_something_else_is_accused_by_its_seal(
    run: Run, tmp_path: Path, issuer: tuple[dict[str, bytes], Callable[[bool], None]]
) -> None:
    files, answers = issuer
    answers(True)
    did = json.dumps({"id": "did:web:127.0.0.1", "verificationMethod": [], "assertionMethod": []})
    (tmp_path / "did.json").write_text(did)
    writer = IncrementalPdfFileWriter(BytesIO(files["pdf"]))
    specification = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]
    stream = writer.add_object(generic.StreamObject(stream_data=b"{not json"))
    specification["/EF"]["/F"] = specification["/EF"]["/UF"] = stream
    writer.update_container(specification["/EF"])
    with (tmp_path / "file").open("wb") as out:
        writer.write(out)
    for asked in (("--did", "did.json"), ()):
        outcome = run("verify", "file", *asked)
        assert outcome.status == 1
        assert "ILLISIBLE" not in outcome.err
    assert outcome.out.startswith("INVÉRIFIABLE")


def test_a_file_that_says_nothing_readable_is_not_judged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"%PDF-1.7\n/EmbeddedFiles credential.json\nstartxref\n0\n%%EOF")
    outcome = run("verify", "file")
    assert (outcome.status, outcome.out.split(" · ")[0]) == (1, "INVÉRIFIABLE")
