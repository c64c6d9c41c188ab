"""The register whole, at a moment: its eight parts as plain values, from which pages, papers and files are made.

Agents are in it by number, never by name: a signed edition need not change for somebody to be forgotten.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import AuditEntry, AuditLink, Register
from lms.services import literacy
from lms.services.literacy import Entry
from lms.services.literacy_people import Followed, Group, Picture, picture, training_of, versions
from lms.services.literacy_sources import BASIS, references

#: Names the form of these values; changes with it.
FORMAT = "mpia-literacy-register-1"


def written(entries: Sequence[Entry]) -> dict[str, Any]:
    """What was written in a register, without the figures: enough to say its entries."""
    return {"entries": [_entry(entry) for entry in entries], "training": {}}


def whole(session: Session, row: Register, now: datetime) -> dict[str, Any]:
    """The eight parts of a register as JSON can say them.

    ``basis`` is the text of law on which the register rests; ``entries`` are parts 1 to 4, 7 and what was written by
    hand of 5 and 6; ``training`` what overseers completed; ``evidence`` (5) what came of each measure; ``gaps`` (6)
    each group of agents; ``journal`` (8) its length and end.
    """
    entries = literacy.entries(session, row.id)
    people = picture(session, row.unit, entries, now)
    overseers = {entry.content["agent"] for entry in entries if entry.kind == "overseer"}
    return {
        "format": FORMAT,
        "at": now.isoformat(timespec="seconds"),
        "basis": _basis(session, entries),
        "unit": {"code": row.unit.code, "name": row.unit.name, "siret": row.unit.siret},
        **written(entries),
        "training": training_of(session, row.unit.path, overseers),
        "evidence": [_evidence(people, entry, entries) for entry in entries if entry.kind == "measure"],
        "gaps": [_gap(group, now) for group in people.groups],
        "journal": _journal(session, row.id),
    }


def as_text(content: Mapping[str, Any]) -> str:
    """The one text of these values, to be digested."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def not_trained(content: Mapping[str, Any]) -> set[str]:
    """The numbers of the agents that some group misses, each once."""
    return {number for gap in content["gaps"] for number in gap["not_trained"]}


def remedies(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is done for an agent, by their number: the last word."""
    rows = (entry for entry in content["entries"] if entry["kind"] == "remedy")
    return {entry["content"]["agent"]: entry for entry in rows}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id, "kind": entry.kind, "since": entry.since.isoformat(timespec="seconds"),
        "content": dict(entry.content),
    }  # fmt: skip


def _basis(session: Session, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The legal reference of the organisation; else the article on AI literacy, as the tracks date it today."""
    own = next((entry.content.get("law") for entry in entries if entry.kind == "organisation"), None)
    return own or next((law for law in references(session).values() if law["key"] == BASIS), None)


def _evidence(people: Picture, measure: Entry, entries: Sequence[Entry]) -> dict[str, Any]:
    """What came of a measure among those it is for."""
    found: Followed = people.followed[measure.id]
    those = people.those(measure)
    scores = [found.scores[agent] for agent in those if agent in found.scores]
    mean = sum(scores, Fraction()) / len(scores) if scores else None
    proofs = [each.id for each in entries if each.kind == "proof" and each.content.get("measure") == measure.id]
    return {
        "measure": measure.id,
        "exposed": len(those),
        "enrolled": len(found.enrolled & those),
        "completed": len(found.done & those),
        "certified": len(found.certified & those),
        "versions": versions(found, those),
        "mean_score": None if mean is None else f"{mean.numerator}/{mean.denominator}",
        "proofs": proofs,
    }


def _gap(group: Group, now: datetime) -> dict[str, Any]:
    deadline = group.entry.content.get("deadline")
    return {
        "group": group.entry.id,
        "exposed": len(group.exposed),
        "trained": len(group.trained),
        "measures": [measure.id for measure in group.measures],
        "not_trained": sorted(group.exposed[agent] for agent in group.missing),
        "deadline": deadline,
        "late": bool(deadline and deadline < now.astimezone(ZONE).date().isoformat() and group.missing),
    }


def _journal(session: Session, register_id: int) -> dict[str, Any]:
    """How many lines the journal has of the register, and how far they are chained."""
    mine = and_(AuditEntry.target == literacy.target(register_id), AuditEntry.action.startswith("register."))
    lines = session.scalar(select(func.count()).select_from(AuditEntry).where(mine))
    query = select(AuditLink.position, AuditLink.hash).join(AuditEntry, AuditEntry.id == AuditLink.entry_id)
    last = session.execute(query.where(mine).order_by(AuditLink.position.desc()).limit(1)).first()
    return {"lines": lines or 0, "position": last.position if last else None, "hash": last.hash if last else None}
