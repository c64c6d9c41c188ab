"""What a certificate asked for, in public: the address every credential carries as its achievement."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from lms.i18n import duration, localized, percent
from lms.i18n import gettext as _
from lms.pages import track_or_404

blueprint = Blueprint("criteria", __name__)


@blueprint.get("/tracks/<track_key>/<version>/<any(certificate, attendance, label):kind>")
def show(track_key: str, version: str, kind: str) -> ResponseReturnValue:
    """The modules, threshold and objectives behind a certificate of that version."""
    track = track_or_404(track_key)
    rule = track.certificate
    if version != track.version or rule is None or kind != "certificate":
        abort(404)
    sections = []
    choice = [part.key for branch in track.open_branches for part in track.in_branch(branch.key) if rule.branches]
    for key in dict.fromkeys([*rule.modules, *choice]):
        module = track.module(key)
        if module is not None:
            facts = _(
                "%(time)s, assessment passed at %(threshold)s.",
                time=duration(module.duration_minutes), threshold=percent(rule.threshold),
            )  # fmt: skip
            branch = track.branch(module.branch or "")
            if branch is not None and key not in rule.modules:
                facts += " " + _("Branch to choose: %(title)s.", title=localized(branch.title))
            able = [localized(objective.text) for objective in module.objectives]
            sections.append(
                {
                    "title": f"{module.code}, {localized(module.title)}",
                    "id": module.code,
                    "paragraphs": [facts],
                    "points": able,
                }
            )
    return render_template(
        "about/text.html", title=localized(rule.title), lead=localized(track.promise), sections=sections
    )
