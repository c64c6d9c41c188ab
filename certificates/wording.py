"""The words, days and numbers a certificate prints, in French and English.

Kept apart from the service's catalogues: what a certificate says is part of what was issued and sealed, and
must not change with a later translation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from babel.dates import format_date
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from certificates.model import Record

NBSP = "\N{NO-BREAK SPACE}"
_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_DAYS = {"fr": "dd/MM/yyyy", "en": "d MMMM yyyy"}

_FR = {
    "label.holder": "Titulaire",
    "label.title": "Intitulé",
    "label.mention": "Mention",
    "label.kind": "Nature",
    "label.number": "Numéro",
    "label.issued_on": "Délivré le",
    "label.valid_until": "Valable jusqu’au",
    "label.duration": "Durée suivie",
    "label.track": "Référentiel",
    "label.modules": "Modules",
    "label.threshold": "Seuil",
    "label.issuer": "Émetteur",
    "label.signatory": "Signataire",
    "label.code": "Code de vérification",
    "kind.attendance": "Attestation de suivi",
    "kind.certificate": "Certificat",
    "kind.label": "Label",
    "unlimited": "Sans limite",
    "track": "{title}, version {version}",
    "threshold": "{percent} à chaque module",
    "fictitious": "{name}, fictif",
    "states.attendance": "atteste que",
    "states.certificate": "certifie que",
    "states.label": "atteste que",
    "has.attendance": "a suivi",
    "has.certificate": "a obtenu le certificat",
    "has.label": "a obtenu le label",
    "reason.attendance": "pour avoir suivi {modules}parcours «@{track}@», soit {duration} de formation.",
    "reason.certificate": "pour avoir réussi {modules}parcours «@{track}@», avec {percent} au moins à chacun.",
    "reason.label": "pour avoir satisfait aux conditions du label, au terme du parcours «@{track}@».",
    "modules.0": "le ",
    "modules.1": "le module {codes} du ",
    "modules.n": "les {count} modules du ",
    "label.value": "{label}@: ",
    "check": "Vérifiez ce document@:",
    "note": "Ce document est scellé@: toute modification se voit à la vérification. "
    "La page en ligne en est la version accessible et dit s’il est toujours valable.",
    "specimen": "Émetteur fictif@: exemple sans valeur.",
    "subject": "Parcours de formation à l’intelligence artificielle dans le service public",
    "brand": "Manager|Public IA",
}
_EN = {
    "label.holder": "Holder",
    "label.title": "Title",
    "label.mention": "Distinction",
    "label.kind": "Type",
    "label.number": "Number",
    "label.issued_on": "Issued on",
    "label.valid_until": "Valid until",
    "label.duration": "Time followed",
    "label.track": "Framework",
    "label.modules": "Modules",
    "label.threshold": "Threshold",
    "label.issuer": "Issuer",
    "label.signatory": "Signatory",
    "label.code": "Verification code",
    "kind.attendance": "Certificate of attendance",
    "kind.certificate": "Certificate",
    "kind.label": "Label",
    "unlimited": "No limit",
    "track": "{title}, version {version}",
    "threshold": "{percent} in each module",
    "fictitious": "{name}, fictitious",
    "states.attendance": "confirms that",
    "states.certificate": "certifies that",
    "states.label": "confirms that",
    "has.attendance": "attended",
    "has.certificate": "earned the certificate",
    "has.label": "earned the label",
    "reason.attendance": "for attending {modules}track “{track}”, {duration} of training.",
    "reason.certificate": "for passing {modules}track “{track}”, with at least {percent} in each.",
    "reason.label": "for meeting the conditions of the label, at the end of the track “{track}”.",
    "modules.0": "the ",
    "modules.1": "module {codes} of the ",
    "modules.n": "the {count} modules of the ",
    "label.value": "{label}: ",
    "check": "Check this document:",
    "note": "This document is sealed: any change shows when it is checked. "
    "The online page is its accessible version and says whether it is still valid.",
    "specimen": "Fictitious issuer: an example without value.",
    "subject": "Training track on artificial intelligence in the public service",
    "brand": "Manager|Public IA",
}
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"fr": {key: text.replace("@", NBSP) for key, text in _FR.items()}, "en": _EN}
)


def of(language: str) -> Mapping[str, str]:
    """Every phrase in ``language``. Raises KeyError for a language certificates are not written in."""
    return _WORDS[language]


def pick(texts: Mapping[str, str], language: str) -> str:
    """The text in ``language``, or in the first there is: a credential is written in one only."""
    return texts.get(language) or next(iter(texts.values()))


def day(moment: datetime, language: str) -> str:
    """The UTC day of ``moment``: ``12/11/2026`` in French, ``12 November 2026`` in English."""
    return format_date(moment.date(), _DAYS[language], locale=_LOCALES[language])


def percent(value: Fraction, language: str) -> str:
    """``value`` (1 is 100 %) to two decimals at most, rounded down: a score is never overstated."""
    hundredths = Decimal(int(value * 10_000)) / 100
    number = format_decimal(hundredths, "0.##", locale=_LOCALES[language])
    return f"{number}{NBSP}%" if language == "fr" else f"{number}%"


def duration(minutes: int, language: str) -> str:
    """``minutes`` as hours and minutes: ``31 h``, ``2 h 30``; ``2 h 30 min`` in English."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    if not rest:
        return f"{hours}{NBSP}h"
    tail = "" if language == "fr" else f"{NBSP}min"
    return f"{hours}{NBSP}h{NBSP}{rest:02d}{tail}"


def listed(items: Sequence[str]) -> str:
    """Short codes on one line."""
    return ", ".join(items)


def reason(record: "Record", language: str) -> str:
    """Why the certificate was given, in one sentence: its criteria."""
    say = of(language)
    count = len(record.modules)
    modules = say[f"modules.{min(count, 1)}" if count < 2 else "modules.n"].format(
        count=count, codes=listed([module.code.upper() for module in record.modules])
    )
    return say[f"reason.{record.kind}"].format(
        modules=modules,
        track=pick(record.track_title, language),
        duration=duration(record.minutes, language),
        percent=percent(record.threshold, language),
    )
