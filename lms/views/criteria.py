"""What a certificate asked for, in public: the address every credential carries as its achievement."""

from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from certificates.rules import rules
from curricula.model import Track
from lms.award_pages import AwardWords, nature
from lms.i18n import duration, localized
from lms.pages import track_or_404

blueprint = Blueprint("criteria", __name__)


@blueprint.get("/tracks/<track_key>/<version>/<any(certificate, attendance, label):kind>")
def show(track_key: str, version: str, kind: str) -> ResponseReturnValue:
    """The modules, thresholds and objectives behind a certificate, a label or a statement of that version."""
    track = track_or_404(track_key)
    found = [rule for rule in rules(track) if rule.kind == kind]
    if version != track.version or not found:
        abort(404)
    words = AwardWords(track)
    asked = [each for rule in found for each in words.asked_for(rule)]
    asked += [way for each in asked for way in each["ways"] if way["module"]]
    sections = {each["title"]: _section(track, each) for each in reversed(asked)}
    title = localized(found[0].title) if kind != "attendance" else nature(kind)
    return render_template(
        "about/text.html",
        title=title,
        lead=localized(track.promise),
        sections=list(reversed(sections.values())),
    )


def _section(track: Track, asked: dict[str, Any]) -> dict[str, Any]:
    """What is asked for; a module with its time and objectives, under the code that credentials name it by."""
    module = track.module(asked["module"]) if asked["module"] else None
    if module is None:
        apart = (way for way in asked["ways"] if not way["module"])
        ways = [" · ".join(filter(None, (way["title"], way["reason"], way["mention"]))) for way in apart]
        return {"title": asked["title"], "paragraphs": [asked["reason"]] if asked["reason"] else [], "points": ways}
    return {
        "title": f"{module.code}, {localized(module.title)}",
        "id": module.code,
        "paragraphs": [f"{duration(module.duration_minutes)}. {asked['reason']} {asked.get('mention') or ''}".strip()],
        "points": [localized(objective.text) for objective in module.objectives],
    }
