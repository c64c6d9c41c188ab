"""The European file says what the certificate says, in the shape of ELM 3, and claims nothing it does not know.

The Commission's own JSON Schema and SHACL shapes are in no package to be had: what is checked here is read from the
published samples and the model's documentation.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from certificate_samples import DID, make_record

from certificates import elm
from certificates.model import Record

RECORD = make_record()
#: Classes of ELM 3 that are used, with what the model requires of each.
REQUIRED = {
    "VerifiableCredential": {"id", "type", "issuer", "issuanceDate", "credentialSubject", "displayParameter"},
    "DisplayParameter": {"id", "title", "primaryLanguage", "language"},
    "Person": {"id", "fullName", "hasClaim"},
    "LearningAchievement": {"id", "title", "awardedBy"},
    "LearningAssessment": {"id", "title", "awardedBy", "grade"},
    "LearningActivity": {"id", "title", "awardedBy"},
    "AwardingProcess": {"id", "awardingBody"},
    "AwardingOpportunity": {"id", "awardingBody"},
    "LearningAchievementSpecification": {"id", "title"},
    "LearningAssessmentSpecification": {"id", "title"},
    "Organisation": {"id", "legalName"},
    "Identifier": {"id", "notation"},
    "Note": {"id", "noteLiteral"},
    "WebResource": {"id", "contentURL"},
    "Concept": {"id", "prefLabel", "inScheme"},
    "ConceptScheme": {"id"},
}
LANGUAGES = {"title", "description", "legalName", "noteLiteral", "prefLabel", "fullName"}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every typed object in a document."""
    if isinstance(value, list):
        for each in value:
            yield from objects(each)
    elif isinstance(value, dict):
        if "type" in value:
            yield value
        for each in value.values():
            yield from objects(each)


def test_every_object_has_what_the_model_requires() -> None:
    document = json.loads(elm.render(RECORD))
    for found in objects(document):
        kind = found["type"][0] if isinstance(found["type"], list) else found["type"]
        assert set(found) >= REQUIRED[kind], kind
        for name in LANGUAGES & set(found):
            assert set(found[name]) <= {"fr", "en"}, name
    assert document["type"] == ["VerifiableCredential", "EuropeanDigitalCredential"]
    assert document["@context"][-1] == "http://data.europa.eu/snb/model/context/edc-ap"


def test_an_identifier_names_one_thing() -> None:
    seen: dict[str, Any] = {}
    for found in objects(json.loads(elm.render(RECORD))):
        assert seen.setdefault(found["id"], found) == found, found["id"]


def test_it_says_what_the_certificate_says() -> None:
    document = json.loads(elm.render(RECORD))
    person = document["credentialSubject"]
    (claim,) = person["hasClaim"]
    assert person["fullName"] == {"fr": RECORD.holder, "en": RECORD.holder}
    assert document["issuer"]["id"] == DID
    assert "fictif" in document["issuer"]["legalName"]["fr"]
    assert claim["identifier"]["notation"] == RECORD.number
    assert [each["grade"]["noteLiteral"]["en"] for each in claim["provenBy"]] == [f"7{n}%" for n in range(1, 7)]
    assert claim["specifiedBy"]["volumeOfLearning"] == claim["influencedBy"]["workload"] == "PT1860M"
    assert claim["awardedBy"]["awardingBody"][0]["id"] == DID
    assert document["validFrom"] == "2026-11-12T09:30:00Z"
    assert document["validUntil"] == document["expirationDate"] == "2029-11-12T09:30:00Z"


def test_it_claims_neither_level_nor_credit_nor_seal() -> None:
    text = elm.render(RECORD).decode()
    for word in ("eqf", "creditReceived", "creditPoint", "ects", "accredit", "proof", "signature"):
        assert not re.search(word, text, re.IGNORECASE), word


def test_attending_proves_no_assessment() -> None:
    (claim,) = elm.document(make_record(kind="attendance"))["credentialSubject"]["hasClaim"]
    assert "provenBy" not in claim


@pytest.mark.parametrize(
    "record",
    [
        make_record(valid_until=None),
        make_record(modules=()),
        make_record(title={"en": "Public AI Manager"}, language="en"),
        make_record(holder='<script>"Zoé"</script>'),
        make_record(valid_until=RECORD.issued_at + timedelta(days=1)),
    ],
)
def test_any_record_can_be_written(record: Record) -> None:
    document = json.loads(elm.render(record))
    assert ("validUntil" in document) == (record.valid_until is not None)
    assert document["credentialSubject"]["fullName"][record.language] == record.holder
