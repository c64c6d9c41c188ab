"""Sends one message to one webhook, signed at the moment it leaves."""

from typing import Any

import httpx
from cryptography.fernet import InvalidToken

from lms.jobs import Tools
from lms.lti.http import retry_after
from lms.lti.model import LtiError
from lms.models import WebhookDelivery, utcnow
from lms.services import webhooks
from lms.services.events import still_said
from lms.services.outcomes import N_, GiveUp, TryLater

#: An address that does not answer holds back no score, and waits for no roster.
BESIDE = True
#: The most that is read of an answer, which says nothing but its status.
LARGEST = 100_000

STOPPED = N_("The webhook is stopped. Let it go on in Administration › Webhooks, then send the message again.")
GONE = N_("The address said that it wants no more messages: the webhook is stopped.")
REFUSED = N_("The address refused the message. Its keeper must look at why.")
UNREACHABLE = N_("The address of the webhook cannot be reached.")
FORBIDDEN = N_("The address of the webhook cannot be called: it is on a private network, or not https.")
SECRET = N_("The secret of the webhook cannot be read: LMS_SECRET_KEY has changed. Replace the secret.")
#: Only somebody's act can help.
_FINAL = frozenset({"address_private", "address_refused"})


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Send it; 2xx is « taken ». What happened is kept with the message, and with its webhook.

    Nothing is sent of whoever was erased since.
    """
    session, now = tools.session, utcnow()
    row = session.get(WebhookDelivery, payload["delivery_id"])
    if row is None:
        return
    listener = row.listener
    if listener.disabled_at is not None:
        raise GiveUp(STOPPED, cause="webhook_stopped")
    if listener.quiet_until is not None and listener.quiet_until > now:
        raise TryLater(UNREACHABLE, listener.quiet_until - now, cause="webhook_quiet", counted=False)
    if not still_said(session, row):
        row.error = "erased"
        session.commit()
        return
    try:
        headers = webhooks.signed_headers(tools.authority.config.secret_key, row, now)
    except InvalidToken as error:
        raise GiveUp(SECRET, cause="webhook_secret") from error
    url, body = listener.url, row.body.encode()
    session.commit()  # no transaction stays open while the address answers
    try:
        answer = tools.services.outbound.request("POST", url, headers=headers, content=body, limit=LARGEST)
    except LtiError as error:
        _note(row, None, error.cause)
        webhooks.failed(listener, utcnow())
        session.commit()
        if error.cause in _FINAL:
            raise GiveUp(f"{FORBIDDEN}\n{error.detail}", cause="webhook_address") from error
        raise TryLater(f"{UNREACHABLE}\n{error.cause}", cause="webhook_unreachable") from error
    _settle(tools, row, answer)


def _settle(tools: Tools, row: WebhookDelivery, answer: httpx.Response) -> None:
    status, now, listener = answer.status_code, utcnow(), row.listener
    after = retry_after(answer)
    answer.close()
    _note(row, status, None if answer.is_success else "refused")
    if answer.is_success:
        row.delivered_at = now
        webhooks.got_through(listener)
        tools.session.commit()
        return
    if status == 410:
        webhooks.gone(listener, now)
        tools.session.commit()
        raise GiveUp(GONE, cause="webhook_gone")
    webhooks.failed(listener, now, after)
    tools.session.commit()
    raise TryLater(f"{REFUSED}\nHTTP {status}", after, cause="webhook_refused")


def _note(row: WebhookDelivery, status: int | None, error: str | None) -> None:
    row.tries, row.tried_at, row.status, row.error = row.tries + 1, utcnow(), status, error
