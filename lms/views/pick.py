"""A trainer chooses what to place in a course (Deep Linking 2.0): search, preview, choose, place or cancel."""

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Track
from curricula.progress import progress
from lms.award_pages import previewed
from lms.errors import Refused
from lms.i18n import current_language, duration, localized, ngettext, percent
from lms.i18n import gettext as _
from lms.lti.addresses import origin_of
from lms.lti.deep_linking import MAXIMUM, Placement, response
from lms.models import db
from lms.pages import tool_keys, track_or_404, tracks
from lms.security import posts_to, visitor
from lms.services.audit import record
from lms.services.deep_links import PendingChoice, pending, take
from lms.services.offers import Offer, Search, chosen, offers
from lms.track_pages import Ways, length_words, lesson_values, module_values, track_values

blueprint = Blueprint("pick", __name__, url_prefix="/teach/pick")

#: What the address carries from one page to the next, so that nothing typed or chosen is lost.
SEARCH = ("q", "audience", "length")


@blueprint.get("/<token>")
def choose(token: str) -> ResponseReturnValue:
    """What may be placed, and what is chosen so far."""
    asked, offered = _pending(token), _offered()
    every = offers(offered)
    search = Search(*(request.args.get(name, "") for name in SEARCH))
    picked = {offer.key for offer in _chosen(every)}
    found = {offer.key for offer in every if search.finds(offer, current_language())}
    asks = any((search.text.strip(), search.audience, search.length))
    return _page(
        "teach/pick.html",
        token,
        search_url=url_for("pick.choose", token=token),
        multiple=asked.settings.accept_multiple,
        search=search,
        audiences=[(track.key, localized(track.title)) for track in offered],
        lengths=[(key, words) for key, words in length_words().items() if key in {offer.length for offer in every}],
        groups=[_group(track, every, found, picked, token) for track in offered],
        found=len(found) if asks else None,
        missing="missing" in request.args,
    )


@blueprint.get("/<token>/place")
def review(token: str) -> ResponseReturnValue:
    """What will be placed, before it is."""
    asked, picks = _pending(token), _picks(token)
    if isinstance(picks, Response):
        return picks
    _check_number(asked, picks)
    placements = [_placement(offer) for offer in picks]
    return _page(
        "teach/place.html",
        token,
        items=[
            {
                "title": placement.title,
                "text": placement.text,
                "time": offer.minutes,
                "column": placement.has_column(asked.settings),
                "assessed": placement.assessed,
            }
            for offer, placement in zip(picks, placements, strict=True)
        ],
        maximum=MAXIMUM,
        picks=[offer.key for offer in picks],
        back_url=url_for("pick.choose", token=token, **_kept()),
    )


@blueprint.post("/<token>/place")
def place(token: str) -> ResponseReturnValue:
    """Answer the platform with what was chosen, once."""
    asked, picks = _pending(token), _picks(token)
    if isinstance(picks, Response):
        return picks
    _check_number(asked, picks)
    words = ngettext(
        "One activity was placed in the course.", "%(num)s activities were placed in the course.", len(picks)
    )
    return _answer(token, asked, picks, words)


@blueprint.post("/<token>/cancel")
def cancel(token: str) -> ResponseReturnValue:
    """Answer the platform that nothing was chosen, once."""
    return _answer(token, _pending(token), [], _("Nothing was placed in the course."))


@blueprint.get("/<token>/preview/<track_key>")
@blueprint.get("/<token>/preview/<track_key>/<module_key>")
@blueprint.get("/<token>/preview/<track_key>/<module_key>/<lesson_key>")
def preview(
    token: str, track_key: str, module_key: str | None = None, lesson_key: str | None = None
) -> ResponseReturnValue:
    """A track, a module or a lesson as somebody who begins it reads it; nothing is recorded."""
    _pending(token)
    found, ways = track_or_404(track_key), _preview_ways(token)
    state = progress(found, {}, {})
    if module_key is None:
        values = track_values(found, state, previewed(state), ways)
        return _page("teach/preview_track.html", token, **values, resume=None)
    step = next((step for step in state.modules if step.module.key == module_key and step.module.published), None)
    if step is None:
        abort(404)
    part = step.module
    if lesson_key is None:
        values = module_values(found, step, found.version, ways) | {"papers": []}
        first = part.lessons[0]
        go_on = {"label": _("Read lesson 1"), "url": ways.lesson(found, part, first)}
        return _page("teach/preview_module.html", token, **values, next=go_on, quiz=_assessment(step.module.quiz))
    text = part.lesson(lesson_key)
    if text is None:
        abort(404)
    values = lesson_values(found, step, text, found.version, ways)
    back = {"title": _("Back to the module"), "url": ways.module(found, part), "kind": "track"}
    return _page("teach/preview_lesson.html", token, **values | {"next": values["next"] or back})


def _page(template: str, token: str, **values: Any) -> str:
    """A page of the choice; it stays in the platform's frame, where alone it can be answered."""
    return render_template(
        template,
        choose_url=url_for("pick.choose", token=token, **_kept()),
        review_url=url_for("pick.review", token=token),
        cancel_url=url_for("pick.cancel", token=token),
        # Elsewhere the choice could not be sent back.
        new_tab_url=None,
        navigation=None,
        home_url=None,
        **values,
    )


def _pending(token: str) -> PendingChoice:
    """The request of that address, which this very session began and has not answered (LTI.md D8, D9)."""
    found = pending(db.session(), token, visitor().session.token_hash)
    if found is None:
        raise _over()
    return found


def _over() -> Refused:
    return Refused(
        _("This choice was already sent to the course, has expired, or was begun in another window."),
        _("Go back to your course: what you placed is there. To place something else, choose content again."),
        status=410,
        cause="choice_over",
    )


def _offered() -> list[Track]:
    """The tracks that new learners may begin."""
    library = tracks()
    return [track for track in library.values() if track.key not in library.retired]


def _chosen(every: list[Offer]) -> list[Offer]:
    """What the form ticks; nothing of it is believed but keys of what may be placed."""
    try:
        return chosen(every, request.values.getlist("pick"))
    except KeyError as error:
        raise Refused(
            _("One of the chosen contents can no longer be placed."),
            _("Go back and choose again."),
            cause="not_offered",
        ) from error


def _picks(token: str) -> list[Offer] | Response:
    """What is chosen, or the way back to the list when nothing is."""
    found = _chosen(offers(_offered()))
    if found:
        return found
    return make_response(redirect(url_for("pick.choose", token=token, missing=1, **_kept()), 303))


def _check_number(asked: PendingChoice, picks: list[Offer]) -> None:
    if len(picks) > 1 and not asked.settings.accept_multiple:
        raise Refused(
            _("Your training platform takes one activity at a time."),
            _("Go back and choose one track or one module."),
            cause="one_item",
        )


def _answer(token: str, asked: PendingChoice, picks: list[Offer], words: str) -> ResponseReturnValue:
    me, settings = visitor(), asked.settings
    if not take(db.session(), token, me.session.token_hash):
        raise _over()
    signer = tool_keys().signing(db.session())
    signed = response(asked.addressee, settings, [_placement(offer) for offer in picks], signer, words)
    keys = [offer.key for offer in picks]
    record(db.session(), "deep_link", f"deployment:{asked.deployment}", me.person.id, placed=keys)
    db.session.commit()
    posts_to(origin_of(settings.return_url))
    return render_template(
        "lti/deep_link_answer.html", return_url=settings.return_url, jwt=signed,
        # No other form of the page may be posted from it.
        new_tab_url=None, language_url=None, account=None, settings_url=None, navigation=None,
    )  # fmt: skip


def _placement(offer: Offer) -> Placement:
    return Placement(offer.key, _title(offer), localized(offer.text), offer.assessed)


def _title(offer: Offer) -> str:
    return f"{offer.module.code} · {localized(offer.module.title)}" if offer.module else localized(offer.track.title)


def _kept() -> dict[str, Any]:
    """What the address carries, to carry it on."""
    kept = {name: request.values[name] for name in SEARCH if request.values.get(name)}
    return kept | {"pick": picks} if (picks := request.values.getlist("pick")) else kept


def _group(track: Track, every: list[Offer], found: set[str], picked: set[str], token: str) -> dict[str, Any]:
    rows = [_row(offer, found, picked, token) for offer in every if offer.track.key == track.key]
    return {
        "key": track.key,
        "title": localized(track.title),
        "audience": localized(track.audience),
        "leads_to": localized(track.certificate.title) if track.certificate else None,
        "offers": rows,
        "shown": any(row["shown"] for row in rows),
    }


def _row(offer: Offer, found: set[str], picked: set[str], token: str) -> dict[str, Any]:
    module = offer.module
    where: dict[str, Any] = {"track_key": offer.track.key, "module_key": module.key if module else None}
    return {
        "key": offer.key,
        "title": _title(offer) if module else _("The whole track: %(title)s", title=localized(offer.title)),
        "name": _title(offer),
        "text": localized(offer.text),
        "facts": _facts(offer),
        "available": offer.available,
        "picked": offer.key in picked,
        "shown": offer.key in found | picked,
        "words": offer.words(current_language()),
        "audience": offer.track.key,
        "length": offer.length or "",
        "preview_url": url_for("pick.preview", token=token, **where) if offer.available else None,
    }


def _facts(offer: Offer) -> list[str]:
    facts = [duration(offer.minutes)] if offer.minutes else []
    if offer.module is None:
        facts.append(ngettext("one module", "%(num)s modules", len(offer.track.path())))
        if offer.track.certificate:
            facts.append(_("leads to the certificate “%(title)s”", title=localized(offer.track.certificate.title)))
    elif offer.available:
        facts.append(ngettext("one lesson", "%(num)s lessons", len(offer.module.lessons)))
        if offer.module.quiz:
            facts.append(_("assessment, threshold %(threshold)s", threshold=percent(offer.module.quiz.threshold)))
    return facts


def _assessment(rules: Any) -> dict[str, Any] | None:
    """The assessment of a module as one who begins sees it, with no way in."""
    if rules is None:
        return None
    return {
        "url": None, "state": "open", "questions": rules.questions, "threshold": rules.threshold,
        "attempts_left": rules.attempts or None, "best": None, "reason": None,
    }  # fmt: skip


def _preview_ways(token: str) -> Ways:
    def to(**where: Any) -> str:
        return url_for("pick.preview", token=token, **where, **_kept())

    return Ways(
        track=lambda found: to(track_key=found.key),
        module=lambda found, part: to(track_key=found.key, module_key=part.key),
        lesson=lambda found, part, text: to(track_key=found.key, module_key=part.key, lesson_key=text.key),
        quiz=lambda _found, _part: None,
    )
