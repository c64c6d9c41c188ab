"""The record an Open Badges 3.0 credential of ours tells: what a verifier shows without asking the issuer."""

import base64
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from certificates.model import Issuer, Kind, ModuleResult, Record, RecordError, ratio

#: How Open Badges 3.0 names each kind of award (AchievementType).
TYPES: dict[Kind, str] = {
    "attendance": "CertificateOfCompletion",
    "certificate": "Certificate",
    "label": "Certification",
}


def record_of(document: Mapping[str, Any]) -> Record:
    """The record a credential of ours tells, in its one language. Raises :class:`RecordError` for any other.

    Scores come back to the hundredth of a percent, and the days of results as the last of them: what the
    credential does not carry is not printed either.
    """
    try:
        subject, issuer = document["credentialSubject"], document["issuer"]
        achievement = subject["achievement"]
        language = achievement["inLanguage"]
        base_url, _, identifier = document["id"].rpartition("/credentials/")
        lists = {entry["statusPurpose"]: entry for entry in document["credentialStatus"]}
        results = {entry["resultDescription"].rpartition("#")[2]: entry["value"] for entry in subject["result"]}
        needs = [entry["requiredValue"] for entry in achievement["resultDescription"] if "requiredValue" in entry]
        day = date.fromisoformat(subject["activityEndDate"])
        names = [i["identityHash"] for i in subject["identifier"] if i["identityType"] == "name" and not i["hashed"]]
        codes = [entry["description"] for entry in document["evidence"] if "description" in entry]
        (holder,), (code,) = names, codes
        return Record(
            id=UUID(identifier),
            code=code,
            number=subject["licenseNumber"],
            kind={value: key for key, value in TYPES.items()}[achievement["achievementType"]],
            holder=holder,
            language=language,
            title={language: document["name"]},
            track=achievement["humanCode"],
            track_title={language: achievement["fieldOfStudy"]},
            track_version=achievement["version"],
            modules=tuple(
                ModuleResult(
                    entry["targetCode"],
                    {language: entry["targetName"]},
                    ratio(results[entry["targetCode"]]) / 100,
                    day,
                )
                for entry in achievement["alignment"]
            ),
            minutes=int(results["duration"].removeprefix("PT").removesuffix("M")),
            threshold=ratio(needs[0]) / 100 if needs else Fraction(0),
            issued_at=datetime.fromisoformat(document["validFrom"]),
            valid_until=datetime.fromisoformat(document["validUntil"]) if "validUntil" in document else None,
            issuer=Issuer(
                issuer["id"],
                {language: issuer["name"]},
                issuer["url"],
                "description" in issuer,
                {language: issuer["official"]} if "official" in issuer else None,
            ),
            base_url=base_url,
            subject=subject["id"],
            status_list_url=lists["revocation"]["statusListCredential"],
            status_index=int(lists["revocation"]["statusListIndex"]),
            evidence=tuple(
                base64.urlsafe_b64decode(entry["digestMultibase"][1:] + "==")[2:].hex()
                for entry in document["evidence"]
                if "digestMultibase" in entry
            ),
            mention={language: results["mention"]} if "mention" in results else None,
            suspension_list_url=lists["suspension"]["statusListCredential"] if "suspension" in lists else None,
            replacement_list_url=lists["refresh"]["statusListCredential"] if "refresh" in lists else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RecordError("not a credential of this kind") from error
