"""The papers of a module on pages and on paper: what a learner keeps, what a trainer and a jury work with."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from markupsafe import Markup

from certificates.drawing import NotDrawn
from curricula.model import Module, Paper, Track
from curricula.papers import FOR_LEARNERS, KINDS
from lms.errors import Refused
from lms.i18n import current_language, localized
from lms.i18n import gettext as _
from lms.lessons import paper_html
from lms.minutes import on_paper
from lms.pages import issuer_name
from lms.track_pages import Ways

#: Who reads what is for trainers and juries.
TEACHERS = ("trainer", "author")
_SHEET = Path(__file__).parent / "templates" / "learn" / "paper.css"


def kinds_for(roles: Collection[str]) -> tuple[str, ...]:
    """The papers that people of those roles read."""
    return KINDS if set(roles).intersection(TEACHERS) else FOR_LEARNERS


def kind_name(kind: str) -> str:
    """What a paper of that kind is called."""
    return {
        "memo": _("The page to keep"), "session": _("Session plan"), "kit-learner": _("Learner’s guide"),
        "kit-trainer": _("Trainer’s guide"), "kit-jury": _("Guide of the jury"),
    }[kind]  # fmt: skip


def paper_links(found: Track, chosen: Module, ways: Ways, kinds: Collection[str]) -> list[dict[str, Any]]:
    """The papers of a module that may be read, as ``learn/module.html`` lists them."""
    way = ways.paper
    if way is None:
        return []
    return [
        {
            "kind": kind_name(paper.kind), "title": paper.texts[current_language()].title,
            "url": way(found, chosen, paper.kind, False), "pdf_url": way(found, chosen, paper.kind, True),
            "for_learners": paper.kind in FOR_LEARNERS,
        }
        for paper in chosen.papers if paper.kind in kinds
    ]  # fmt: skip


def paper_values(found: Track, chosen: Module, paper: Paper, ways: Ways) -> dict[str, Any]:
    """The variables of ``learn/paper.html``."""
    text = paper.texts[current_language()]
    return {
        "track": {"title": localized(found.title), "url": ways.track(found)},
        "module": {"code": chosen.code, "title": localized(chosen.title), "url": ways.module(found, chosen)},
        "paper": {
            "kind": kind_name(paper.kind),
            "title": text.title,
            "version": found.version,
            "body": Markup(paper_html(found, chosen, text.body, ways.file)),  # nosec B704 # noqa: S704 - sanitised by curricula.render
            "pdf_url": ways.paper(found, chosen, paper.kind, True) if ways.paper is not None else None,
        },
    }


def paper_pdf(found: Track, chosen: Module, paper: Paper) -> bytes:
    """A paper to print, in the reader's language; raises ``Refused`` where it cannot be drawn."""
    text = paper.texts[current_language()]
    said = {
        "issuer": issuer_name(), "track": localized(found.title), "version": found.version, "title": text.title,
        "module": f"{chosen.code} · {localized(chosen.title)}",
        "body": Markup(paper_html(found, chosen, text.body, None)),  # nosec B704 # noqa: S704 - sanitised by curricula.render
    }  # fmt: skip
    try:
        return on_paper("learn/paper_on_paper.html", said, _SHEET)
    except NotDrawn as error:
        what, fix = _("This page cannot be drawn as a PDF."), _("Read it on its page, which can be printed.")
        raise Refused(what, fix, status=409, cause="paper_not_drawn") from error
