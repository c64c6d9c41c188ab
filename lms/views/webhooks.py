"""Webhooks: who is told what happens, the last messages, and a button to see one arrive."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.programs import WebhookForm
from lms.i18n import gettext as _
from lms.lti.model import LtiError
from lms.models import EventListener, WebhookDelivery, db, utcnow
from lms.pages import config, outbound
from lms.program_pages import event_words, institution_alone, reach_of, reach_words
from lms.security import requires, visitor
from lms.services import webhooks
from lms.services.events import EVENTS

blueprint = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks")
blueprint.before_request(institution_alone)


@blueprint.get("")
@requires("administrator")
def index() -> ResponseReturnValue:
    """The webhooks, their last messages, and the form that adds one."""
    return _page(_form())


@blueprint.post("")
@requires("administrator")
def make() -> ResponseReturnValue:
    """Add a webhook and show the secret that signs, this once."""
    form = _form()
    if not form.validate_on_submit() or not _may_be_called(form):
        return _page(form), 400
    said, unit = reach_of(form)
    if not said:
        return _page(form), 400
    row, secret = webhooks.make(
        db.session(), config().secret_key, form.name.data, form.url.data, form.events.data, unit, visitor().person.id
    )
    db.session.commit()
    return _page(_form(empty=True), row, secret)


@blueprint.post("/<int:listener_id>/rotate")
@requires("administrator")
def rotate(listener_id: int) -> ResponseReturnValue:
    """Replace the secret of a webhook and show the new one, this once."""
    row = _webhook(listener_id)
    secret = webhooks.rotate(db.session(), config().secret_key, row, visitor().person.id)
    db.session.commit()
    return _page(_form(empty=True), row, secret)


@blueprint.post("/<int:listener_id>/test")
@requires("administrator")
def test(listener_id: int) -> ResponseReturnValue:
    """Send a message that tells nothing."""
    row = _webhook(listener_id)
    if row.disabled_at is not None:
        flash(_("This webhook is stopped: let it go on first."), "bad")
        return redirect(url_for("webhooks.index"), 303)
    webhooks.test(db.session(), row, utcnow())
    db.session.commit()
    flash(_("A message leaves within a few seconds: reload this page to see what became of it."), "ok")
    return redirect(url_for("webhooks.index"), 303)


@blueprint.post("/<int:listener_id>/<any(stop, resume, remove):action>")
@requires("administrator")
def change(listener_id: int, action: str) -> ResponseReturnValue:
    """Stop a webhook, let it go on, or remove it with its messages."""
    row, by = _webhook(listener_id), visitor().person.id
    if action == "remove":
        webhooks.remove(db.session(), row, by)
        said = _("The webhook is removed.")
    else:
        webhooks.switch(db.session(), row, action == "resume", by)
        said = (
            _("The webhook goes on. What happened meanwhile was not sent: the API gives it.")
            if action == "resume"
            else _("The webhook is stopped.")
        )
    db.session.commit()
    flash(said, "ok")
    return redirect(url_for("webhooks.index"), 303)


@blueprint.post("/deliveries/<int:delivery_id>/replay")
@requires("administrator")
def replay(delivery_id: int) -> ResponseReturnValue:
    """Send a message again, the very same."""
    row = db.session.get(WebhookDelivery, delivery_id)
    if row is None:
        abort(404)
    webhooks.replay(db.session(), row, visitor().person.id)
    db.session.commit()
    flash(_("The message is sent again within a few seconds."), "ok")
    return redirect(url_for("webhooks.index"), 303)


def _webhook(number: int) -> EventListener:
    return webhooks.one(db.session(), number) or abort(404)


def _may_be_called(form: WebhookForm) -> bool:
    """Whether the address is one that is called; a name that does not resolve yet may later."""
    try:
        outbound().check(form.url.data.strip())
    except LtiError as error:
        if error.cause == "address_unknown":
            return True
        form.url.errors = [_("This address cannot be called: it must begin with https://, on the public network.")]
        return False
    return True


def _form(*, empty: bool = False) -> WebhookForm:
    words = event_words()
    values: dict[str, Any] = {"formdata": None} if empty or request.method == "GET" else {}
    return WebhookForm([(event, words[event]) for event in EVENTS], **values)


def _page(form: WebhookForm, made: EventListener | None = None, secret: str = "") -> str:  # nosec B107 # nothing to show, no secret
    session = db.session()
    return render_template(
        "admin/webhooks.html", form=form, made=made, secret=secret,
        hooks=[_hook(row) for row in webhooks.every(session)],
        deliveries=[_delivery(row) for row in webhooks.last_deliveries(session)],
    )  # fmt: skip


def _hook(row: EventListener) -> dict[str, Any]:
    words = event_words()
    why = {
        "by_hand": _("Stopped"), "failing": _("Stopped: nothing got through for 5 days"),
        "gone": _("Stopped: the address wants no more"),
    }  # fmt: skip
    state = "stopped" if row.disabled_at else "failing" if row.failing_since else "open"
    return {
        "id": row.id, "name": row.name, "url": row.url, "reach": reach_words(row.unit),
        "events": [words.get(event, event) for event in row.events], "state": state,
        "why": why.get(row.disabled_why or "", ""), "since": row.failing_since,
        "both_until": row.previous_until if row.previous_until and row.previous_until > utcnow() else None,
    }  # fmt: skip


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    errors = {
        "refused": _("Refused"), "unreachable": _("No answer"), "address_unknown": _("The name leads nowhere"),
        "address_private": _("On a private network"), "address_refused": _("Not https"),
        "answer_too_large": _("The answer is too large"), "erased": _("Not sent: the person was erased"),
    }  # fmt: skip
    return {
        "event": event_words().get(row.event, row.event), "name": row.listener.name, "id": row.message_id,
        "at": row.created_at, "tries": row.tries, "delivered_at": row.delivered_at, "status": row.status,
        "error": errors.get(row.error or "", row.error or ""),
        "replay_url": url_for("webhooks.replay", delivery_id=row.id),
    }  # fmt: skip
