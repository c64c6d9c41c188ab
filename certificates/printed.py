"""The one list of fields a certificate prints: on paper, on its page and in its verification."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from certificates import wording

if TYPE_CHECKING:
    from certificates.model import Record


@dataclass(frozen=True)
class Field:
    """One printed line: a stable key for programs, a label and a value in the reader's language."""

    name_key: str
    label: str
    value: str


def printed_fields(record: "Record", language: str) -> tuple[Field, ...]:
    """Every field printed on paper and page, in order, in ``language`` ("fr" or "en").

    Days are those of UTC. Absent facts (no signatory, no validity limit) are said or left out, never blank.
    """
    say = wording.of(language)
    pick = wording.pick
    issuer = pick(record.issuer.name, language)
    values: dict[str, str | None] = {
        "holder": record.holder,
        "title": pick(record.title, language),
        "mention": pick(record.mention, language) if record.mention else None,
        "kind": say[f"kind.{record.kind}"],
        "number": record.number,
        "issued_on": wording.day(record.issued_at, language),
        "valid_until": wording.day(record.valid_until, language) if record.valid_until else say["unlimited"],
        "duration": wording.duration(record.minutes, language),
        "track": say["track"].format(title=pick(record.track_title, language), version=record.track_version),
        "modules": wording.listed([module.code.upper() for module in record.modules]),
        "threshold": say["threshold"].format(percent=wording.percent(record.threshold, language)),
        "issuer": say["fictitious"].format(name=issuer) if record.issuer.fictitious else issuer,
        "signatory": pick(record.issuer.signatory, language) if record.issuer.signatory else None,
        "code": record.code,
    }
    if record.kind == "attendance":
        values["threshold"] = None  # attending has none; printing one would suggest an exam
    return tuple(Field(key, say[f"label.{key}"], value) for key, value in values.items() if value)
