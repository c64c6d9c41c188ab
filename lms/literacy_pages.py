"""What the pages of the AI-literacy register show, and its paper: the same words from a live register or an edition."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import abort, url_for
from sqlalchemy import select

from curricula.typography import typeset
from lms.exports import exports
from lms.forms.literacy import Known
from lms.i18n import current_language, day, localized, moment
from lms.i18n import gettext as _
from lms.minutes import on_paper
from lms.models import Register, RegisterEdition, Unit, db, writing
from lms.pages import issuer_name, tracks
from lms.security import visitor
from lms.services import journal_lines, literacy
from lms.services.audit import record
from lms.services.journal_lines import JournalLine
from lms.services.literacy import Entry
from lms.services.literacy_content import not_trained, remedies
from lms.services.literacy_fields import KINDS, PARTS, Kind
from lms.services.literacy_people import known, named
from lms.services.literacy_sources import references, teachings
from lms.services.literacy_words import Speaker
from lms.services.literacy_words import day as written_day
from lms.services.organisation import scope_of, units_in
from lms.tables import Scope

#: Lines of the journal on the page of a register.
LINES = 30
#: Signs past which a text is folded.
LONG = 240
#: Agents not trained whose numbers a paper lists, in each group.
ON_PAPER = 200


def speaker(row: Register, content: Mapping[str, Any], named_in: Collection[str] = ("overseer", "remedy")) -> Speaker:
    """Says that content to somebody who sees the register: the agents of these kinds of entries by name."""
    numbers = {entry["content"]["agent"] for entry in content["entries"] if entry["kind"] in named_in}
    return Speaker(content, current_language(), named(db.session(), row.unit.path, numbers))


def parts(row: Register, content: Mapping[str, Any], says: Speaker, *, live: bool) -> list[dict[str, Any]]:
    """The eight parts in order; ``live`` ones lead to the forms that change them."""
    return [
        {
            "number": number,
            "title": localized(PARTS[number]),
            "entries": [
                _entry(row, says, entry, live=live)
                for entry in content["entries"]
                if KINDS[entry["kind"]].part == number
            ],
            "figures": _figures(says, content, number),
            "adds": _adds(row, content, number) if live else [],
        }
        for number in PARTS
    ]


def totals(content: Mapping[str, Any]) -> dict[str, int]:
    """The figures of the head: an agent in two groups is missed once."""
    return {
        "systems": sum(entry["kind"] == "system" for entry in content["entries"]),
        "groups": sum(entry["kind"] == "group" for entry in content["entries"]),
        "not_trained": len(not_trained(content)),
        "reviews": sum(
            entry["kind"] == "review" and not entry["content"].get("closed_on") for entry in content["entries"]
        ),
    }


def basis(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The text of law on which the register rests, with its dates and what is known of its moves."""
    said = content["basis"]
    if said is None:
        return None
    return {"words": _set(Speaker(content, current_language()).law(said)), "note": localized(said.get("note") or {})}


def gap_rows(row: Register, content: Mapping[str, Any], group: int | None) -> list[dict[str, Any]]:
    """The agents not trained, by number: of which groups, with what is done for each."""
    says, kept = Speaker(content, current_language()), remedies(content)
    found: dict[str, dict[str, Any]] = {}
    for gap in content["gaps"]:
        for number in gap["not_trained"] if group in (None, gap["group"]) else ():
            mine = found.setdefault(number, {"number": number, "groups": [], "deadlines": []})
            mine["groups"].append(says.titled(gap["group"]))
            mine["deadlines"] += [gap["deadline"]] if gap["deadline"] else []
    for number, mine in found.items():
        entry = kept.get(number)
        said = entry["content"] if entry else {}
        own = said.get("deadline") or min(mine["deadlines"], default=None)
        mine["deadline"] = written_day(own) if own else "–"
        mine["exempt"], mine["remedy"] = said.get("exempt"), said.get("remedy")
        mine["url"] = (
            url_for("literacy.entry", register_id=row.id, entry_id=entry["id"])
            if entry
            else url_for("literacy.add", register_id=row.id, kind="remedy", agent=number)
        )
    return [found[number] for number in sorted(found)]


def journal(row: Register) -> list[dict[str, Any]]:
    """The last lines of the register's journal."""
    return [_line(line) for line in journal_lines.done_to(db.session(), literacy.target(row.id), "register.", LINES)]


def known_answers(row: Register, says: Speaker) -> Known:
    """What the answers of a form may be."""
    session, path = db.session(), row.unit.path
    entries: dict[str, list[tuple[int, str]]] = {}
    for entry in says.content["entries"]:
        entries.setdefault(entry["kind"], []).append((entry["id"], says.title(entry)))
    codes = select(Unit.code).where(units_in(Scope((path,))))
    return Known(
        laws=references(session), taught=teachings(session), entries=entries,
        units=lambda asked: session.scalars(codes.where(Unit.code.in_(asked))).all(),
        agents=lambda asked: known(session, path, asked),
    )  # fmt: skip


def history(kind: Kind, entry: Entry, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an entry said before, the last first; agents by number."""
    says = Speaker(content, current_language())
    return [
        {
            "since": moment(state.since),
            "until": moment(state.until),
            "fields": _pairs(says.fields({"kind": kind.key, "content": state.content})),
        }
        for state in literacy.past(db.session(), entry.id)
    ]


def editions(rows: Sequence[RegisterEdition]) -> list[dict[str, Any]]:
    """The signed editions, the last first."""
    return [
        {
            "number": each.number, "signed_at": each.signed_at, "sha256": each.sha256,
            "url": url_for("literacy_editions.show", register_id=each.register_id, number=each.number),
        }
        for each in rows
    ]  # fmt: skip


def paper(row: Register, content: Mapping[str, Any], edition: RegisterEdition | None = None) -> bytes:
    """The register on paper, dated; of an edition with its digest. Raises ``NotDrawn``."""
    said = parts(row, content, speaker(row, content, ["overseer"]), live=False)
    for each in said:
        if each["number"] == 6:
            each["missing"] = [
                {"title": figure["title"], "numbers": gap["not_trained"][:ON_PAPER],
                 "more": max(0, len(gap["not_trained"]) - ON_PAPER)}
                for figure, gap in zip(each["figures"], content["gaps"], strict=True)
            ]  # fmt: skip
    at = moment(datetime.fromisoformat(content["at"]))
    values = {
        "issuer": issuer_name(), "unit": content["unit"], "at": at, "parts": said, "basis": basis(content),
        "signed": content.get("signed"), "signed_on": day(edition.signed_at) if edition else None,
        "sha256": edition.sha256 if edition else None,
    }  # fmt: skip
    return on_paper("hr/literacy/paper.html", values)


def own(register_id: int) -> Register:
    """The register of that number, if the visitor's part of the organisation holds its unit; 404 otherwise."""
    row = literacy.register(db.session(), scope_of(db.session(), visitor().person), register_id)
    if row is None:
        abort(404)
    return row


def seen(row: Register, what: str, **more: Any) -> None:
    """Write in the journal that the visitor read who is named in the register, and where."""
    session, number, me = db.session(), row.id, visitor().person.id
    with writing(session):
        record(session, "hr.view", literacy.target(number), me, purpose=f"literacy {what}", **more)
        session.commit()


def files(row: Register, edition: int | None = None) -> list[dict[str, str]]:
    """The register in each format of export, as it is now or as that edition says it."""
    return [
        {"label": form.label, "title": form.title[current_language()],
         "url": url_for("hr.export", report_key="register", format_key=key, unit=row.unit.code, edition=edition)}
        for key, form in exports().items()
    ]  # fmt: skip


def why(reason: str) -> str:
    """Why a register refuses, in the reader's words."""
    return {
        "single": _("The register describes its organisation already: change what it says."),
        "stale": _("Somebody changed this entry while you were writing. Read what it says now, then save again."),
        "gone": _("Somebody took this entry away meanwhile."),
        "used": _("Other entries name this one: change them first."),
        "same": _("You are the last person who changed the register: somebody else with this role signs it."),
        "empty": _("Describe the organisation before signing."),
        "changed": _("The register changed while you were reading it. Read it again, then sign."),
    }[reason]


def _entry(row: Register, says: Speaker, entry: Mapping[str, Any], *, live: bool) -> dict[str, Any]:
    kind = KINDS[entry["kind"]]
    closed = entry["content"].get("closed_on")
    return {
        "id": entry["id"],
        "kind": localized(kind.label),
        "title": _set(says.title(entry)),
        # What names the entry is its title.
        "fields": _pairs([pair for pair in says.fields(entry) if pair[1] != says.title(entry)]),
        "open": not closed if entry["kind"] == "review" else None,
        "overtaken": live and _overtaken(entry["content"].get("taught")),
        "url": url_for("literacy.entry", register_id=row.id, entry_id=entry["id"]) if live else None,
    }


def _overtaken(taught: Mapping[str, Any] | None) -> bool:
    """Whether what a measure teaches has a later version online."""
    current = tracks().get(taught["track"]) if taught else None
    return current is not None and taught is not None and current.digest != taught["digest"]


def _figures(says: Speaker, content: Mapping[str, Any], part: int) -> list[dict[str, Any]]:
    """What is counted in a part: of each measure, of each group, of the journal."""
    if part == 5:
        return [
            {"title": says.titled(row["measure"]), "fields": _pairs(says.evidence(row)), "group": None}
            for row in content["evidence"]
        ]
    if part == 6:
        return [
            {"title": says.titled(row["group"]), "fields": _pairs(says.gap(row)), "group": row["group"],
             "missing": len(row["not_trained"]), "late": row["late"]}
            for row in content["gaps"]
        ]  # fmt: skip
    if part == 8:
        return [{"title": "", "fields": _pairs(says.journal(content["journal"])), "group": None}]
    return []


def _adds(row: Register, content: Mapping[str, Any], part: int) -> list[dict[str, str]]:
    """What may be added to a part: an overseer once there is a system, one organisation at most."""
    there = {entry["kind"] for entry in content["entries"]}
    return [
        {"label": localized(kind.add), "url": url_for("literacy.add", register_id=row.id, kind=kind.key)}
        for kind in KINDS.values()
        if kind.part == part
        and not (kind.single and kind.key in there)
        and not (kind.key == "overseer" and "system" not in there)
    ]


def _pairs(fields: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Label and value; ``long`` ones are folded on a page."""
    return [{"label": _set(label), "value": _set(text), "long": len(text) > LONG} for label, text in fields]


def _set(text: str) -> str:
    return typeset(text, current_language())


def _line(line: JournalLine) -> dict[str, Any]:
    """A line in words; ``entry`` is the kind of what it is about, or the edition that was signed."""
    kind = KINDS.get(str(line.details.get("kind")))
    edition = line.details.get("edition")
    about = localized(kind.label) if kind else _("Edition %(number)s", number=edition) if edition else ""
    actions = {
        "register.opened": _("Register opened"), "register.added": _("Added"), "register.changed": _("Changed"),
        "register.removed": _("Removed"), "register.signed": _("Signed"),
    }  # fmt: skip
    return {
        "position": line.position, "at": line.at, "action": actions.get(line.action, line.action), "about": about,
        "who": (line.who.display_name or line.who.email or "—") if line.who else "—",
    }  # fmt: skip
