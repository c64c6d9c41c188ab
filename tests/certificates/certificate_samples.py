"""A record to try certificates with. Every name here is invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from certificates.model import Issuer, ModuleResult, Record
from certificates.sign.keys import did_web

NOW = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
BASE_URL = "https://certificats.example"
DID = did_web(BASE_URL)


def make_record(**changes: Any) -> Record:
    """A label earned on six modules; ``changes`` replace its fields."""
    record = Record(
        id=UUID("0b9d6f6e-6a52-4d8a-9d0e-0d1f5f0c5b11"),
        code="7K2M-Q4XT-9D8B-3HNW-6PRC-0V5E-ZJ",
        number="MPIA-2026-000418",
        kind="label",
        holder="Zoé Bérenger-Ŵynn",
        language="fr",
        title={"fr": "Manager Public IA", "en": "Public AI Manager"},
        track="managers",
        track_title={"fr": "Managers IA", "en": "AI Managers"},
        track_version="2026.2",
        modules=tuple(
            ModuleResult(
                f"m{number}",
                {"fr": f"Module {number} : décider", "en": f"Module {number}: deciding"},
                Fraction(70 + number, 100),
                date(2026, 11, number),
            )
            for number in range(1, 7)
        ),
        minutes=31 * 60,
        threshold=Fraction(7, 10),
        issued_at=NOW,
        valid_until=NOW.replace(year=2029),
        issuer=Issuer(
            DID,
            {"fr": "Institut de démonstration", "en": "Demonstration Institute"},
            BASE_URL,
            fictitious=True,
            signatory={"fr": "Camille Exemple, directrice", "en": "Camille Exemple, director"},
        ),
        base_url=BASE_URL,
        subject="urn:uuid:5a1f0cf5-3c0e-4d0b-8e6c-1f8b0f6f7a10",
        status_list_url=f"{BASE_URL}/status/revocation-1",
        status_index=94567,
        evidence=("5e" * 32,),
        suspension_list_url=f"{BASE_URL}/status/suspension-1",
    )
    return replace(record, **changes)
