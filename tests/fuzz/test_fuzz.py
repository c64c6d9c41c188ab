"""Every parser is in the table of fuzzing, and refuses as it says: a few contents each here,
minutes in ``make fuzz``."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.mutation import changed
from tests.fuzz.table import targets

ROOT = Path(__file__).parents[2]
#: How many contents of each target, the same ones each time; of those that take a tenth of a second each.
FEW, FEWEST = 40, 4
#: Calls that make values of bytes or text: whoever makes one has a parser to try.
CALLS = {
    "json.loads", "json.load", "tomli.loads", "tomli.load", "yaml.load", "fromstring", "csv.reader", "ZipFile",
    "zipfile.ZipFile", "CalamineWorkbook.from_filelike", "PdfFileReader", "Image.open", "Image.frombytes",
    "ijson.basic_parse", "zlib.decompressobj", "MarkdownIt", "PyJWK", "RSAKey.import_key", "ECKey.import_key",
    "jws.deserialize_compact", "jwt.decode", "urlsafe_b64decode", "base64.b64decode", "base64.urlsafe_b64decode",
    "base58.b58decode", "cms.ContentInfo.load", "tsp.TimeStampResp.load", "crl.CertificateList.load",
    "ocsp.OCSPResponse.load", "webauthn.verify_registration_response", "msgspec.json.decode", "msgspec.json.Decoder",
    "answer.json", "unpack", "struct.unpack_from", "ObjectBuilder", "HTMLParser",
}  # fmt: skip
#: Modules that read so what this service wrote itself, or what was checked whole before.
OUR_OWN = {
    "certificates.sign.keyring": "the index of our keys, in a folder of the workers alone",
    "certificates.formats.pdf": "the paper just drawn, and the logo that lms.branding made",
    "certificates.formats.png": "the logo that lms.branding made",
    "certificates.formats.svg": "the logo that lms.branding made",
    "curricula.exchange.cartridge_writing": "writes an archive",
    "curricula.exchange.qti_writing": "writes an archive",
    "lms.backup.postgresql": "a part of a backup that PartsReader gave",
    "lms.demo_check": "what the service under check answers",
    "lms.services.analysis": "marks as we stored them",
    "lms.services.imports": "reports of imports as we stored them",
    "lms.services.literacy_editions": "editions as we stored them",
    "lms.services.events": "messages as we wrote them",
    "lms.services.regrading": "marks as we stored them",
    "lms.services.webhooks": "secrets as we made them",
    "lms.views.register": "what we sealed into the form",
    "lms.api.verification": "bytes alone, which certificates.verify reads; tests/api/test_api_verification.py",
}  # fmt: skip


def parsers() -> Iterator[str]:
    """Modules that call one of ``CALLS``; the development LMS is no part of production."""
    for path in sorted(
        each for room in ("lms", "curricula", "assessments", "certificates") for each in (ROOT / room).rglob("*.py")
    ):
        if {"devlms", "migrations"} & set(path.parts):
            continue
        names = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
        if names & CALLS:
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_parser_is_in_the_table() -> None:
    found = set(parsers())
    covered = {module for target in targets().values() for module in target.covers}
    assert len(found) > 40
    assert found - covered - set(OUR_OWN) == set()
    assert set(OUR_OWN) <= found
    for module in covered:
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module


@pytest.mark.parametrize("name", targets())
def test_only_its_refusals_come_out(name: str) -> None:
    target = targets()[name]
    seeds = list(target.seeds())
    for content in seeds:
        target.feed(content)  # what is right is taken, else all would be refused at once

    @settings(
        max_examples=FEWEST if target.slow else FEW, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(changed(seeds, target.kind))
    def once(content: bytes) -> None:
        with suppress(*target.refusals):
            target.feed(content)

    once()
