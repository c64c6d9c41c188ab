"""A record as an Open Badges 3.0 credential.

Sources: Open Badges 3.0 (1EdTech), appendix B data model; Verifiable Credentials Data Model 2.0; Bitstring Status
List v1.0 section 2.1. Only terms those contexts define are used, so that nothing is left out of the signature.
"""

import base64
import json
from fractions import Fraction
from typing import Any, Literal
from urllib.parse import quote

from certificates import wording
from certificates.model import Record
from certificates.sign.data_integrity import instant, secure_jsonld
from certificates.sign.jose import secure_jwt
from certificates.sign.jsonld import CREDENTIALS, OPEN_BADGES
from certificates.sign.keys import Keys
from certificates.sign.reading import TYPES, record_of

__all__ = ["credential", "record_of", "secure_jsonld", "secure_jwt", "signed_json"]

_SHA256_MULTIHASH = b"\x12\x20"
# Open Badges lets an enumeration be extended with "ext:".
_DURATION = "ext:Duration"
_MENTION = "ext:Mention"


def credential(record: Record) -> dict[str, Any]:
    """The unsigned credential, in the record's language: every printed field, the results, the status entries."""
    language = record.language
    say = wording.of(language)
    issuer: dict[str, Any] = {
        "id": record.issuer.did,
        "type": ["Profile"],
        "name": wording.pick(record.issuer.name, language),
        "url": record.issuer.url,
    }
    if record.issuer.signatory:
        issuer["official"] = wording.pick(record.issuer.signatory, language)
    if record.issuer.fictitious:
        issuer["description"] = say["specimen"]
    document: dict[str, Any] = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": record.credential_url,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": wording.pick(record.title, language),
        "image": {
            "id": record.image_url,
            "type": "Image",
            "caption": f"{say[f'kind.{record.kind}']} {wording.pick(record.title, language)}",
        },
        "issuer": issuer,
        "validFrom": instant(record.issued_at),
        "awardedDate": instant(record.issued_at),
        "credentialSubject": _subject(record),
        "evidence": [
            {"id": record.verify_url, "type": ["Evidence"], "name": say["label.code"], "description": record.code},
            *({"type": ["Evidence"], "digestMultibase": _multihash(digest)} for digest in record.evidence),
        ],
        "credentialStatus": [
            {
                "id": f"{url}#{record.status_index}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": str(record.status_index),
                "statusListCredential": url,
            }
            for purpose, url in (
                ("revocation", record.status_list_url),
                ("suspension", record.suspension_list_url),
                ("refresh", record.replacement_list_url),
            )
            if url
        ],
    }
    if record.valid_until:
        document["validUntil"] = instant(record.valid_until)
    return document


def signed_json(record: Record, keys: Keys) -> bytes:
    """The record's credential with its proof, as UTF-8 JSON: what is published, and attached to the PDF."""
    return json.dumps(secure_jsonld(credential(record), keys), ensure_ascii=False, indent=1).encode()


def _subject(record: Record) -> dict[str, Any]:
    """Who earned what: an identifier of its own for each credential, so that two cannot be linked by it."""
    language = record.language
    say = wording.of(language)
    achievement_id = "/".join(
        [
            record.base_url,
            "tracks",
            *(quote(part, safe="") for part in (record.track, record.track_version, record.kind)),
        ]
    )
    framework = say["track"].format(title=wording.pick(record.track_title, language), version=record.track_version)
    percents = {"resultType": "Percent", "valueMin": "0", "valueMax": "100"}
    days = [module.achieved_on for module in record.modules] or [record.issued_at.date()]
    return {
        "id": record.subject,
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": False, "identityHash": record.holder, "identityType": "name"}
        ],
        "licenseNumber": record.number,
        "activityEndDate": max(days).isoformat(),
        "result": [
            {
                "type": ["Result"],
                "resultDescription": f"{achievement_id}#duration",
                "value": f"PT{record.minutes}M",
            },
            *_mention(record, achievement_id, "value"),
            *(
                {
                    "type": ["Result"],
                    "resultDescription": f"{achievement_id}#{module.code}",
                    "value": _percent(module.score),
                }
                for module in record.modules
            ),
        ],
        "achievement": {
            "id": achievement_id,
            "type": ["Achievement"],
            "achievementType": TYPES[record.kind],
            "name": wording.pick(record.title, language),
            "description": wording.reason(record, language),
            "criteria": {"narrative": wording.reason(record, language)},
            "inLanguage": language,
            "humanCode": record.track,
            "fieldOfStudy": wording.pick(record.track_title, language),
            "version": record.track_version,
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetCode": module.code,
                    "targetName": wording.pick(module.title, language),
                    "targetFramework": framework,
                    "targetUrl": f"{achievement_id}#{module.code}",
                }
                for module in record.modules
            ],
            "resultDescription": [
                {
                    "id": f"{achievement_id}#duration",
                    "type": ["ResultDescription"],
                    "name": say["label.duration"],
                    "resultType": _DURATION,
                },
                *_mention(record, achievement_id, "resultType"),
                *(
                    {
                        "id": f"{achievement_id}#{module.code}",
                        "type": ["ResultDescription"],
                        "name": wording.pick(module.title, language),
                        "requiredValue": _percent(record.threshold),
                        **percents,
                    }
                    for module in record.modules
                ),
            ],
        },
    }


def _mention(record: Record, achievement_id: str, part: Literal["value", "resultType"]) -> list[dict[str, Any]]:
    """The mention as a result, or what that result is; nothing where there is none."""
    if not record.mention:
        return []
    identifier = f"{achievement_id}#mention"
    if part == "value":
        value = wording.pick(record.mention, record.language)
        return [{"type": ["Result"], "resultDescription": identifier, "value": value}]
    name = wording.of(record.language)["label.mention"]
    return [{"id": identifier, "type": ["ResultDescription"], "name": name, "resultType": _MENTION}]


def _percent(value: Fraction) -> str:
    """``value`` (1 is 100) as a decimal of two places at most, rounded down."""
    hundredths = int(value * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".") if hundredths else "0"


def _multihash(digest: str) -> str:
    """A SHA-256 digest in hexadecimal as a multibase (base64url) multihash."""
    raw = _SHA256_MULTIHASH + bytes.fromhex(digest)
    return "u" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
