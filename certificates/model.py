"""The facts a certificate states, and the one list of fields it prints everywhere.

A :class:`Record` is what the database keeps and what every format is made from; nothing in it changes
after issue. The PDF, the web page and the verification all print :func:`printed_fields`, so that a forged
paper can be compared line by line with what was issued.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Literal, Self, get_args
from uuid import UUID

from certificates.codes import is_code, new_code, read_code
from certificates.printed import Field, printed_fields

__all__ = [
    "Facts",
    "Field",
    "Issuer",
    "Kind",
    "Language",
    "Look",
    "ModuleResult",
    "Record",
    "RecordError",
    "new_code",
    "printed_fields",
    "read_code",
]

Kind = Literal["attendance", "certificate", "label"]
Language = Literal["fr", "en"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LANGUAGES: tuple[Language, ...] = get_args(Language)

_SHA256 = re.compile(r"[0-9a-f]{64}")


#: A score as a record or a credential writes it; nothing longer is one.
_NUMBER = re.compile(r"[0-9]{1,200}(?:\.[0-9]{1,200}|/(?P<below>[0-9]{1,200}))?")


class RecordError(ValueError):
    """A record that cannot be: a field is missing, of the wrong shape, or contradicts another."""


@dataclass(frozen=True)
class Look:
    """How the issuer's papers and pictures look: a colour (``#rrggbb``) that white is read on, and a logo (PNG)."""

    colour: str = "#42204a"
    logo: bytes | None = None


@dataclass(frozen=True)
class Issuer:
    """Who issues. ``name`` and ``signatory`` (a person and a function) are given per language.

    ``look`` is not a fact: it is neither stored, signed nor compared.
    """

    did: str
    name: Mapping[str, str]
    url: str
    fictitious: bool = False
    signatory: Mapping[str, str] | None = None
    look: Look = field(default=Look(), compare=False)


@dataclass(frozen=True)
class ModuleResult:
    """A module that counted: its best score, between 0 and 1, exact, and the day it was reached (UTC)."""

    code: str
    title: Mapping[str, str]
    score: Fraction
    achieved_on: date


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a certificate states, before it has a number.

    ``holder`` comes from :func:`certificates.names.holder_name`. ``minutes`` is the time followed, in minutes;
    ``threshold`` the score required of each module, between 0 and 1. ``evidence`` holds SHA-256 digests in
    hexadecimal of the files the award rests on, never the files. ``mention`` is what distinguishes it, where its
    rule says so.
    """

    kind: Kind
    holder: str
    language: Language
    title: Mapping[str, str]
    track: str
    track_title: Mapping[str, str]
    track_version: str
    modules: tuple[ModuleResult, ...]
    minutes: int
    threshold: Fraction
    valid_until: datetime | None
    evidence: tuple[str, ...] = ()
    mention: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Record(Facts):
    """The immutable facts of one certificate, and what the register gave it.

    Instants are aware and kept to the second, in UTC, the precision of the signed credential. ``status_index`` is the
    entry in every status list; without ``suspension_list_url`` the certificate can be revoked but not suspended, and
    without ``replacement_list_url`` nobody can tell offline that another one takes its place.
    Raises :class:`RecordError` when a field cannot be.
    """

    id: UUID
    code: str
    number: str
    issued_at: datetime
    issuer: Issuer
    base_url: str
    subject: str
    status_list_url: str
    status_index: int
    suspension_list_url: str | None = None
    replacement_list_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be signed, and bring instants to UTC and to the second."""
        for name in ("issued_at", "valid_until"):
            moment: datetime | None = getattr(self, name)
            if moment is not None:
                if moment.tzinfo is None:
                    raise RecordError(f"{name} has no time zone")
                object.__setattr__(self, name, moment.astimezone(UTC).replace(microsecond=0))
        problems = {
            "code": not is_code(self.code),
            "number": not self.number.strip(),
            "kind": self.kind not in KINDS,
            "language": self.language not in LANGUAGES,
            "holder": not self.holder or unicodedata.normalize("NFC", self.holder) != self.holder,
            "title": not self.title,
            "track_title": not self.track_title,
            "minutes": self.minutes < 0,
            "threshold": not 0 <= self.threshold <= 1,
            "modules": any(not 0 <= module.score <= 1 for module in self.modules),
            "valid_until": self.valid_until is not None and self.valid_until <= self.issued_at,
            "base_url": not self.base_url.startswith(("https://", "http://")) or self.base_url.endswith("/"),
            "subject": not self.subject.startswith("urn:uuid:"),
            "status_index": self.status_index < 0,
            "mention": self.mention is not None and not any(self.mention.values()),
            "evidence": not all(_SHA256.fullmatch(digest) for digest in self.evidence),
        }
        if wrong := [name for name, is_wrong in problems.items() if is_wrong]:
            raise RecordError(f"certificate {self.number}: {', '.join(wrong)}")

    @property
    def credential_url(self) -> str:
        """Where the credential is published; also its identifier."""
        return f"{self.base_url}/credentials/{self.id}"

    @property
    def image_url(self) -> str:
        """Where its picture is published."""
        return f"{self.credential_url}.png"

    @property
    def verify_url(self) -> str:
        """What the QR code says: the public page of this certificate."""
        return f"{self.base_url}/verify/{self.code}"

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON values: fractions as ``"n/d"``, instants in ISO 8601."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        return data | {
            "id": str(self.id),
            "title": dict(self.title),
            "track_title": dict(self.track_title),
            "modules": [
                {
                    "code": module.code,
                    "title": dict(module.title),
                    "score": _ratio(module.score),
                    "achieved_on": module.achieved_on.isoformat(),
                }
                for module in self.modules
            ],
            "threshold": _ratio(self.threshold),
            "issued_at": self.issued_at.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "issuer": {
                "did": self.issuer.did,
                "name": dict(self.issuer.name),
                "url": self.issuer.url,
                "fictitious": self.issuer.fictitious,
                "signatory": dict(self.issuer.signatory) if self.issuer.signatory else None,
            },
            "evidence": list(self.evidence),
            "mention": dict(self.mention) if self.mention else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record written by :meth:`to_dict`. Raises :class:`RecordError` on anything else."""
        try:
            modules = tuple(
                ModuleResult(
                    module["code"],
                    module["title"],
                    ratio(module["score"]),
                    date.fromisoformat(module["achieved_on"]),
                )
                for module in data["modules"]
            )
            limit = data["valid_until"]
            return cls(
                **{
                    **data,
                    "id": UUID(data["id"]),
                    "modules": modules,
                    "threshold": ratio(data["threshold"]),
                    "issued_at": datetime.fromisoformat(data["issued_at"]),
                    "valid_until": datetime.fromisoformat(limit) if limit else None,
                    "issuer": Issuer(**data["issuer"]),
                    "evidence": tuple(data["evidence"]),
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise RecordError(f"not a certificate record: {error}") from error


def ratio(text: str) -> Fraction:
    """The number that is written « 7/10 » or « 70.25 ». Raises ValueError for anything else.

    Fraction itself reads « 1e999999999 », which takes all the memory there is, before any signature was checked.
    """
    found = _NUMBER.fullmatch(text)
    if found is None or (found["below"] and not int(found["below"])):
        raise ValueError("not a number of a certificate")
    return Fraction(text)


def _ratio(value: Fraction) -> str:
    """``value`` as ``"n/d"``, the exact form stored."""
    return f"{value.numerator}/{value.denominator}"
