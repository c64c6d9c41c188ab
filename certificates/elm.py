"""A certificate as a European Digital Credential for Learning, unsigned: ELM 3 JSON-LD for the institution to seal.

Source: European Learning Model 3 (European Commission), application profile EDC-generic. What this states is what the
certificate states and no more: no EQF level, no ECTS credit, no accreditation. A valid European Digital Credential is
sealed with the organisation's own qualified seal (JAdES), on the Commission's tools: that is the institution's act.
"""

import json
from collections.abc import Mapping
from typing import Any

from certificates import wording
from certificates.model import ModuleResult, Record
from certificates.sign.data_integrity import instant

MEDIA_TYPE = "application/ld+json"
SUFFIX = ".elm.json"
_CONTEXTS = ["https://www.w3.org/2018/credentials/v1", "http://data.europa.eu/snb/model/context/edc-ap"]
_LANGUAGES = "http://publications.europa.eu/resource/authority/language"
_LANGUAGE_CODES = {"fr": "FRA", "en": "ENG"}
_GENERIC = "http://data.europa.eu/snb/credential/e34929035b"


def document(record: Record) -> dict[str, Any]:
    """The unsigned credential, with every language the record is in."""
    issued = instant(record.issued_at)
    credential: dict[str, Any] = {
        "@context": _CONTEXTS,
        "id": f"urn:credential:{record.id}",
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "credentialProfiles": _concept(_GENERIC, {"en": "Generic"}),
        "displayParameter": {
            "id": f"urn:epass:displayParameter:{record.id}",
            "type": "DisplayParameter",
            "language": [_language(language) for language in record.title if language in _LANGUAGE_CODES],
            "primaryLanguage": _language(record.language),
            "title": dict(record.title),
            "description": _reasons(record),
        },
        "issuer": _organisation(record),
        "issuanceDate": issued,
        "issued": issued,
        "validFrom": issued,
        "credentialSubject": {
            "id": record.subject,
            "type": "Person",
            "fullName": _same(record, record.holder),
            "hasClaim": [_achievement(record)],
        },
    }
    if record.valid_until:
        credential |= {"expirationDate": instant(record.valid_until), "validUntil": instant(record.valid_until)}
    return credential


def render(record: Record) -> bytes:
    """The same as UTF-8 JSON."""
    return json.dumps(document(record), ensure_ascii=False, indent=1).encode()


def _achievement(record: Record) -> dict[str, Any]:
    """What was earned: with its assessments by module, or after attending alone."""
    name = str(record.id)
    achievement: dict[str, Any] = {
        "id": f"urn:epass:learningAchievement:{name}",
        "type": "LearningAchievement",
        "title": dict(record.title),
        "identifier": {
            "id": f"urn:epass:identifier:{name}",
            "type": "Identifier",
            "notation": record.number,
            "schemeName": record.issuer.did,
        },
        "awardedBy": _awarding(record, name),
        "influencedBy": {
            "id": f"urn:epass:learningActivity:{name}",
            "type": "LearningActivity",
            "title": dict(record.track_title),
            "awardedBy": _awarding(record, f"{name}:activity"),
            "workload": f"PT{record.minutes}M",
        },
        "specifiedBy": {
            "id": f"urn:epass:learningAchievementSpec:{name}",
            "type": "LearningAchievementSpecification",
            "title": {
                language: wording.of(language)["track"].format(title=title, version=record.track_version)
                for language, title in record.track_title.items()
            },
            "volumeOfLearning": f"PT{record.minutes}M",
            "awardingOpportunity": {
                "id": f"urn:epass:awardingOpportunity:{name}",
                "type": "AwardingOpportunity",
                "awardingBody": [_organisation(record)],
            },
            "homepage": _page(f"{name}:criteria", record.verify_url),
        },
        "supplementaryDocument": _page(f"{name}:verification", record.verify_url),
    }
    if record.kind != "attendance":
        achievement["provenBy"] = [_assessment(record, module) for module in record.modules]
    return achievement


def _assessment(record: Record, module: ModuleResult) -> dict[str, Any]:
    name = f"{record.id}:{module.code}"
    return {
        "id": f"urn:epass:learningAssessment:{name}",
        "type": "LearningAssessment",
        "title": dict(module.title),
        "dateIssued": f"{module.achieved_on.isoformat()}T00:00:00Z",
        "grade": {
            "id": f"urn:epass:note:{name}",
            "type": "Note",
            "noteLiteral": {language: wording.percent(module.score, language) for language in record.title},
        },
        "awardedBy": _awarding(record, name),
        "specifiedBy": {
            "id": f"urn:epass:learningAssessmentSpec:{name}",
            "type": "LearningAssessmentSpecification",
            "title": dict(module.title),
        },
    }


def _awarding(record: Record, name: str) -> dict[str, Any]:
    return {
        "id": f"urn:epass:awardingProcess:{name}",
        "type": "AwardingProcess",
        "awardingBody": [_organisation(record)],
        "awardingDate": instant(record.issued_at),
    }


def _organisation(record: Record) -> dict[str, Any]:
    # Its address and legal identifier are the institution's to add: the register does not hold them.
    said = {
        language: wording.of(language)["fictitious"].format(name=name) if record.issuer.fictitious else name
        for language, name in record.issuer.name.items()
    }
    return {
        "id": record.issuer.did,
        "type": "Organisation",
        "legalName": said,
        "homepage": _page(f"{record.id}:issuer", record.issuer.url),
    }


def _page(name: str, url: str) -> dict[str, Any]:
    return {"id": f"urn:epass:webResource:{name}", "type": "WebResource", "contentURL": url}


def _language(language: str) -> dict[str, Any]:
    return _concept(f"{_LANGUAGES}/{_LANGUAGE_CODES[language]}", {"en": {"fr": "French", "en": "English"}[language]})


def _concept(identifier: str, label: Mapping[str, str]) -> dict[str, Any]:
    scheme = {"id": identifier.rpartition("/")[0], "type": "ConceptScheme"}
    return {"id": identifier, "type": "Concept", "inScheme": scheme, "prefLabel": dict(label)}


def _reasons(record: Record) -> dict[str, str]:
    return {language: wording.reason(record, language) for language in record.title}


def _same(record: Record, text: str) -> dict[str, str]:
    """A name, which is the same in every language."""
    return dict.fromkeys(record.title, text)
