"""The minutes of a jury (procès-verbal): who sat, when, what was decided about each work and why; page and paper."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask import render_template

from certificates.drawing import drawn, printable
from curricula.model import Track
from lms.i18n import day, localized, percent
from lms.i18n import gettext as _
from lms.marking_pages import code, course_title, module_name
from lms.models import Jury, JuryMember
from lms.pages import issuer_name
from lms.services.juries import Candidate

_PAPER = Path(__file__).parent / "templates" / "teach" / "minutes_paper.css"


def decision_name(decision: str) -> str:
    """What a decision is called."""
    return {"admitted": _("Admitted"), "refused": _("Not admitted"), "deferred": _("Deferred to another jury")}[
        decision
    ]


def author(jury: Jury, candidate: Candidate) -> str:
    """The name of a candidate; their copy, for a jury that does not know names before it decides."""
    if jury.anonymous and not candidate.decided:
        return code(candidate.attempt.id)
    return candidate.person.display_name or _("Name withheld by the platform")


def minutes(jury: Jury, track: Track | None, seats: Sequence[JuryMember], found: Sequence[Candidate]) -> dict[str, Any]:
    """What the minutes say: what is decided, here or by another jury after something was proposed here."""
    rows = []
    for candidate in found:
        said = candidate.said
        # Once closed they are final: a work that an appeal sends back to a jury does not leave them.
        if said is None or (candidate.waits and jury.closed_at is None):
            continue
        row: dict[str, Any] = {
            "name": author(jury, candidate),
            "code": code(candidate.attempt.id),
            "proposed": percent(said.proposed),
        }
        if said.decided_at is None:
            rows.append({**row, "decision": _("Decided by another jury")})
            continue
        rows.append(
            {
                **row,
                "decision": decision_name(said.decision),
                "score": None if said.score is None else percent(said.score),
                "reason": said.reason,
                "by": [member.name or _("Name withheld by the platform") for member in candidate.confirmed],
                "decided_on": day(said.decided_at),
            }
        )
    return {
        "title": jury.title,
        "issuer": issuer_name(),
        "course": course_title(jury.context),
        "track": localized(track.title) if track else jury.track_key,
        "module": module_name(track, jury.module_key),
        "meets_on": day(jury.meets_on),
        "closed_on": day(jury.closed_at) if jury.closed_at else None,
        "members": [
            {"name": seat.name or _("Name withheld by the platform"), "president": seat.president} for seat in seats
        ],
        "rows": rows,
    }


def minutes_pdf(said: dict[str, Any]) -> bytes:
    """The minutes on paper, with places to sign. Raises ``NotDrawn``."""
    return on_paper("teach/minutes_paper.html", said)


def on_paper(template: str, said: dict[str, Any], sheet: Path = _PAPER) -> bytes:
    """A template for paper, drawn with a style sheet, which it takes as ``css``: by default that of the minutes.

    Raises ``NotDrawn``.
    """
    return drawn(printable(render_template(template, css=_css(sheet), **said)), sheet)


@cache
def _css(sheet: Path) -> str:
    """A style sheet, read once."""
    return sheet.read_text("utf-8")
