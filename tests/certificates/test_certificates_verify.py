"""Verification: the truth, and every way of bending it."""

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
from certificate_samples import DID, NOW, make_record
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf.annotations import FreeText

from certificates.format import FORMATS
from certificates.model import printed_fields
from certificates.sign.credential import credential, secure_jsonld
from certificates.sign.keys import Keys
from certificates.sign.seal import seal
from certificates.verify import MAX_FILE, Unreadable, Verdict, verify

INDEX = make_record().status_index


@pytest.fixture(scope="module")
def issued(keys: Keys) -> dict[str, bytes]:
    """One certificate in every format."""
    return {key: entry.render(make_record(), keys) for key, entry in FORMATS.items()}


@pytest.fixture
def judge(keys: Keys, listed: Callable[..., list[dict[str, Any]]]) -> Callable[..., Verdict]:
    """Verifies with this issuer's documents, good lists and today's date unless told otherwise."""

    def run(data: bytes, **changes: Any) -> Verdict:
        given_ = {"did_document": keys.did_document(), "status_list": listed(), "now": NOW, **changes}
        return verify(data, **given_)

    return run


@pytest.fixture(params=["jsonld", "jwt", "pdf", "png", "svg"])
def form(request: pytest.FixtureRequest) -> str:
    """Each format."""
    return request.param


def test_a_true_certificate_is_valid_in_every_format(
    issued: dict[str, bytes], judge: Callable[..., Verdict], form: str
) -> None:
    verdict = judge(issued[form])
    assert verdict.state == "valid"
    assert verdict.form == form
    assert all(check.ok for check in verdict.checks)
    for language in ("fr", "en"):
        shown = {field.name_key for field in verdict.fields(language)}
        assert shown == {field.name_key for field in printed_fields(make_record(), language)}
    assert verdict.fields("fr") == printed_fields(make_record(), "fr")


def test_revoked_suspended_expired(
    issued: dict[str, bytes], judge: Callable[..., Verdict], listed: Callable[..., list[dict[str, Any]]], form: str
) -> None:
    data = issued[form]
    assert judge(data, status_list=listed(revoked=[INDEX])).state == "revoked"
    assert judge(data, status_list=listed(suspended=[INDEX])).state == "suspended"
    assert judge(data, status_list=listed(revoked=[INDEX], suspended=[INDEX])).state == "revoked"
    assert judge(data, status_list=listed(revoked=[INDEX + 1], suspended=[INDEX - 1])).state == "valid"
    later = NOW.replace(year=2030)
    assert judge(data, now=later, status_list=listed(now=later)).state == "expired"
    assert judge(data, now=later, status_list=listed(revoked=[INDEX], now=later)).state == "revoked"
    assert judge(data, now=NOW.replace(year=2029)).state == "expired"


def test_a_missing_or_stale_list_is_never_valid(
    issued: dict[str, bytes],
    judge: Callable[..., Verdict],
    listed: Callable[..., list[dict[str, Any]]],
    keys: Keys,
    form: str,
) -> None:
    data = issued[form]
    revocation, suspension = listed()
    other = Keys.did_document(keys) | {"assertionMethod": []}
    for lists in (None, [], revocation, suspension, [revocation], [{}], {"id": revocation["id"]}):
        assert judge(data, status_list=lists).state == "unverifiable"
    assert judge(data, now=NOW + timedelta(days=8)).state == "unverifiable"
    assert judge(data, status_list=listed(now=NOW + timedelta(days=1))).state == "unverifiable"
    forged = {**revocation, "credentialSubject": {**revocation["credentialSubject"], "statusPurpose": "suspension"}}
    assert judge(data, status_list=[forged, suspension]).state == "unverifiable"
    assert judge(data, status_list=[revocation | {"id": suspension["id"]}, suspension]).state == "unverifiable"
    assert judge(data, did_document=other).state != "valid"


def test_a_certificate_from_tomorrow_is_not_valid_today(
    issued: dict[str, bytes], judge: Callable[..., Verdict], listed: Callable[..., list[dict[str, Any]]], form: str
) -> None:
    before = NOW - timedelta(days=1)
    assert judge(issued[form], now=before, status_list=listed(now=before)).state == "unverifiable"


def test_another_issuer_s_document_does_not_vouch_for_it(
    issued: dict[str, bytes], judge: Callable[..., Verdict], form: str
) -> None:
    document = {"id": "did:web:evil.example", "verificationMethod": [], "assertionMethod": []}
    verdict = judge(issued[form], did_document=document)
    assert verdict.state in {"unknown", "modified"}
    assert verdict.record is None


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path


def test_any_changed_fact_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    original = json.loads(issued["jsonld"])

    for path in leaves(original):
        changed = json.loads(issued["jsonld"])
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = True if place[path[-1]] is False else f"{place[path[-1]]}x"
        verdict = judge(json.dumps(changed).encode())
        assert verdict.state in {"modified", "unknown"}, path
        assert verdict.record is None


def test_any_removed_or_added_fact_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    for key in json.loads(issued["jsonld"]):
        changed = json.loads(issued["jsonld"])
        del changed[key]
        assert judge(json.dumps(changed).encode()).state in {"modified", "unknown"}, key
    for extra in ({"mention": "très bien"}, {"description": "added"}, {"credentialStatus": []}, {"id": None}):
        changed = json.loads(issued["jsonld"]) | extra
        assert judge(json.dumps(changed).encode()).state == "modified"


def test_a_fact_given_twice_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    text = (
        issued["jsonld"]
        .decode()
        .replace('"name": "Manager Public IA"', '"name": "Expert", "name": "Manager Public IA"', 1)
    )
    verdict = judge(text.encode())
    assert verdict.state == "modified"
    assert verdict.record is None


def test_the_claim_finds_the_true_record_and_is_kept_apart(
    issued: dict[str, bytes], judge: Callable[..., Verdict]
) -> None:
    changed = json.loads(issued["jsonld"])
    changed["credentialSubject"]["identifier"][0]["identityHash"] = "Someone Else"
    verdict = judge(json.dumps(changed).encode())
    assert verdict.state == "modified"
    assert verdict.record is None
    assert verdict.fields("fr") == ()
    assert verdict.claim.number == make_record().number


def test_a_signature_by_our_key_on_something_else_is_unknown(judge: Callable[..., Verdict], keys: Keys) -> None:
    document = credential(make_record())
    document["id"] = "https://certificats.example/other/1"
    assert judge(json.dumps(secure_jsonld(document, keys)).encode()).state == "unknown"


def test_flipped_bytes_anywhere_in_the_pdf_show(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    data = issued["pdf"]
    before, after = (int(group) for group in re.search(rb"/ByteRange \[0 (\d+) (\d+)", data).groups())
    chance = random.Random(418)
    places = [*chance.sample(range(5, len(data)), 150), *chance.sample(range(before, before + 3500), 150), after - 2]
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        assert judge(bytes(flipped)).state == "modified", place


def appended(data: bytes, change: Any) -> bytes:
    """``data`` with one more revision, as an honest or dishonest editor would add it."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    change(writer)
    out = BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(data)
    return out.getvalue()


def test_an_appended_revision_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    def retitle(writer: Any) -> None:
        writer.root["/Lang"] = generic.pdf_string("en")
        writer.update_root()

    assert judge(appended(issued["pdf"], retitle)).state == "modified"
    assert judge(issued["pdf"] + b"\n").state == "modified"
    assert judge(issued["pdf"] + b"%PDF-1.7\n%%EOF").state == "modified"


def test_a_replaced_attachment_shows(issued: dict[str, bytes], judge: Callable[..., Verdict], keys: Keys) -> None:
    other = json.dumps(secure_jsonld(credential(make_record(holder="Someone Else")), keys)).encode()

    def replace_attachment(writer: Any) -> None:
        specification = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]
        stream = generic.StreamObject(stream_data=other)
        specification["/EF"]["/F"] = specification["/EF"]["/UF"] = writer.add_object(stream)
        writer.update_container(specification["/EF"])

    verdict = judge(appended(issued["pdf"], replace_attachment))
    assert verdict.state == "modified"
    assert verdict.checks[0].detail == "changed"


def test_an_overlay_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    writer = pypdf.PdfWriter(BytesIO(issued["pdf"]), incremental=True)
    writer.add_annotation(0, FreeText(text="Expert", rect=(260, 300, 500, 360), font_size="40pt"))
    out = BytesIO()
    writer.write(out)
    assert judge(out.getvalue()).state == "modified"


def test_a_rewritten_file_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(issued["pdf"]))
    out = BytesIO()
    writer.write(out)
    assert judge(out.getvalue()).state == "modified"


def test_a_second_seal_shows(issued: dict[str, bytes], judge: Callable[..., Verdict], keys: Keys) -> None:
    with pytest.raises(Exception, match=r"(?i)sign|mod|permi|lock|docmdp|update"):
        seal(issued["pdf"], b"{}", keys, reason="again")
    twice = issued["pdf"] + issued["pdf"][issued["pdf"].index(b"/ByteRange") - 200 :]
    assert judge(twice).state == "modified"


def test_a_seal_taken_off_shows(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    unsealed = issued["pdf"][: issued["pdf"].index(b"/ByteRange")]
    assert judge(unsealed + b"\nstartxref\n0\n%%EOF").state == "modified"


def test_a_forged_page_around_a_true_credential_shows(
    judge: Callable[..., Verdict], tmp_path: Path, issued: dict[str, bytes]
) -> None:
    thief = Keys.open(tmp_path, b"thief", DID, NOW)
    page = FORMATS["pdf"].render(make_record(title={"fr": "Directeur"}), thief)
    verdict = judge(page)
    assert verdict.state == "modified"
    assert verdict.checks[0].detail == "other_seal"

    from certificates.formats.pdf import draw

    forged = seal(draw(make_record(title={"fr": "Directeur"})), issued["jsonld"], thief, reason="x")
    assert judge(forged).state == "modified"


def test_truncated_files_show(issued: dict[str, bytes], judge: Callable[..., Verdict]) -> None:
    data = issued["pdf"]
    for end in (len(data) - 1, len(data) - 500, len(data) // 2, 100):
        try:
            assert judge(data[:end]).state in {"modified", "unknown"}
        except Unreadable:
            continue


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", "format"),
        (b"\x89PNG\r\n", "format"),
        (b"[1]", "format"),
        (b"%PDF-1.7 nothing more", "damaged"),
        (b"%PDF-1.7\ntrailer <</Encrypt 5 0 R>>\nstartxref\n0\n%%EOF", "encrypted"),
        (b'{"a": ', "damaged"),
        (b"{" * 50_000, "damaged"),
        (b'{"a": "\xff"}', "damaged"),
        (b"{" + b" " * 300_000 + b"}", "large"),
        (b"%PDF-" + b"0" * MAX_FILE, "large"),
    ],
)
def test_what_cannot_be_judged_says_so(judge: Callable[..., Verdict], data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as error:
        judge(data)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"issuer": 3, "proof": {}}',
        b'{"proof": null}',
        b"a.b.c",
        b"e30.e30.e30",
        b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n0\n%%EOF",
    ],
)
def test_what_was_never_a_certificate_is_not_valid(judge: Callable[..., Verdict], data: bytes) -> None:
    assert judge(data).state in {"unknown", "modified"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b"%PDF-1.7 startxref /ByteRange [0 1 2 3]", b"e30."]))
def test_no_file_at_all_crashes_the_verifier(keys: Keys, noise: bytes, start: bytes) -> None:
    try:
        state = verify(start + noise, did_document=keys.did_document(), status_list=None, now=NOW).state
    except Unreadable:
        return
    assert state in {"unknown", "modified"}


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "type", "issuer", "proof", "@context", "credentialSubject"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_at_all_crashes_the_verifier(keys: Keys, value: Any) -> None:
    data = json.dumps({"issuer": DID, "credentialStatus": value, "proof": value, "x": value}).encode()
    verdict = verify(data, did_document=keys.did_document(), status_list=[], now=NOW)
    assert verdict.state in {"unknown", "modified"}
