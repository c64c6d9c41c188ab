"""What the register takes from the tracks: dated legal references, and what a measure teaches, each in its version.

A copy is kept in the entry: the tracks may change, what was written down stays what it was.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.fields import ISO_DATE
from curricula.model import LegalReference, Module, Track
from lms.models import RegisterEntry, RegisterState
from lms.services.library import Library
from lms.services.literacy import open_review

#: The reference on which the register rests, as tracks call it: data, for this text is moving.
BASIS = "ai-act-4"


def references(session: Session) -> dict[str, dict[str, Any]]:
    """The legal references of the tracks online, by key and version (``reference_name``); the last checked of each."""
    found: dict[str, dict[str, Any]] = {}
    for track in Library(session).values():
        for each in track.legal:
            said = reference(each)
            name = reference_name(said)
            if name not in found or found[name]["checked_on"] < said["checked_on"]:
                found[name] = said
    return dict(sorted(found.items()))


def reference(law: LegalReference) -> dict[str, Any]:
    """A legal reference as an entry keeps it."""
    return {
        "key": law.key, "reference": law.reference, "title": dict(law.title), "version": law.version,
        "in_force_from": law.in_force_from.isoformat() if law.in_force_from else None,
        "checked_on": law.checked_on, "source": law.source, "note": dict(law.note or {}),
    }  # fmt: skip


def reference_name(said: dict[str, Any]) -> str:
    """What a reference is called in a form: its key and version."""
    return f"{said['key']}@{said['version']}"


def teachings(session: Session) -> dict[str, dict[str, Any]]:
    """The tracks online and their modules, by name (``teaching_name``)."""
    found = {}
    for track in Library(session).values():
        for module in (None, *track.published_modules):
            said = teaching(track, module)
            found[teaching_name(said)] = said
    return found


def teaching(track: Track, module: Module | None) -> dict[str, Any]:
    """What a track, or one module of it, teaches, as an entry keeps it: its digest names exactly what that is."""
    modules = track.published_modules if module is None else (module,)
    cited = {key for each in modules for key in each.legal}
    return {
        "track": track.key, "module": module.key if module else None, "version": track.version,
        "digest": track.digest, "title": _title(track, module),
        "objectives": [dict(each.text) for part in modules for each in part.objectives],
        "minutes": module.duration_minutes if module else track.duration_minutes,
        "languages": list(track.languages),
        "legal": [reference(each) for each in track.legal if each.key in cited],
    }  # fmt: skip


def teaching_name(said: dict[str, Any]) -> str:
    """What it is called in a form: track, module, beginning of the digest."""
    return f"{said['track']}/{said['module'] or ''}@{said['digest'][:16]}"


def _title(track: Track, module: Module | None) -> dict[str, str]:
    if module is None:
        return dict(track.title)
    return {speech: f"{module.code} {words}" for speech, words in module.title.items()}


# A text that changed


def is_of_version(held: str, version: str) -> bool:
    """Whether what is held is of that version of a text, or of a later one where both are dates."""
    dates = ISO_DATE.fullmatch(version) and ISO_DATE.fullmatch(held)
    return held == version or bool(dates and held > version)


def text_changed(
    session: Session, legal_key: str, version: str, person_id: int | None, note: str = "",
    in_force_from: date | None = None,
) -> int:  # fmt: skip
    """Open a review in each register that rests on another version of that text; gives how many are new.

    What was opened once for a version, even closed since, is not opened again.
    """
    rows = session.execute(
        select(RegisterEntry.register_id, RegisterState.content)
        .join(RegisterState, RegisterState.entry_id == RegisterEntry.id)
        .where(RegisterState.until.is_(None), RegisterEntry.kind != "review")
    )
    resting = dict[int, dict[str, Any]]()
    for register_id, content in rows:
        for said in held_laws(content, legal_key):
            if not is_of_version(said["version"], version):
                resting.setdefault(register_id, said)
    new = _not_yet(session, resting, legal_key, version)
    for register_id in sorted(new):
        law = {
            **resting[register_id], "version": version, "checked_on": "", "note": {},
            "in_force_from": in_force_from.isoformat() if in_force_from else None,
        }  # fmt: skip
        content = {"reason": "law", "about": note or resting[register_id]["reference"], "law": law}
        open_review(session, register_id, content, person_id)
    return len(new)


def held_laws(content: dict[str, Any], legal_key: str) -> list[dict[str, Any]]:
    """The references with that key that an entry holds."""
    said = [content.get("law"), *(content.get("taught") or {}).get("legal", ())]
    return [each for each in said if each and each["key"] == legal_key]


def _not_yet(session: Session, wanted: Collection[int], legal_key: str, version: str) -> set[int]:
    """Those of these registers without a past review of that text in that version."""
    query = (
        select(RegisterEntry.register_id, RegisterState.content)
        .join(RegisterState, RegisterState.entry_id == RegisterEntry.id)
        .where(RegisterEntry.kind == "review", RegisterEntry.register_id.in_(wanted))
    )
    opened = {
        register_id
        for register_id, content in session.execute(query)
        if any(said["version"] == version for said in held_laws(content, legal_key))
    }
    return set(wanted) - opened
