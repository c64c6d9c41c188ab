"""Tells a holder by e-mail that their certificate ends."""

from typing import Any

from lms.i18n import day, localized, speaking
from lms.i18n import gettext as _
from lms.jobs import Tools
from lms.mail import MailRefused, send
from lms.models import Certificate, Reminder, utcnow
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.services.reminders import step_of


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Send once, in the language of the holder; nothing when the certificate was renewed or revoked meanwhile.

    That it is sent is noted before: a worker that dies in between loses one message, which their page shows anyway,
    and nobody is written to twice.
    """
    session, config = tools.session, tools.authority.config
    row = session.get(Reminder, payload["reminder_id"], with_for_update=True)
    if row is None or row.sent_at is not None or not config.mails:
        return
    certificate, person = row.certificate, row.certificate.person
    if not person.email or "@" not in person.email or step_of(certificate, utcnow()) != row.step:
        return
    address, language = person.email, "en" if person.language == "en" else "fr"
    subject, text = _message(certificate, row.step, language, config.base_url)
    row.sent_at = utcnow()
    session.commit()
    try:
        send(config, address, subject, text, f"reminder-{row.id}-{certificate.id}")
    except Exception as error:
        row.sent_at = None  # whatever was in the way
        session.commit()
        if not isinstance(error, MailRefused):
            raise
        why = N_("The reminder could not be handed to the mail server. Check LMS_SMTP_URL and the server.")
        if error.final:
            raise GiveUp(f"{why}\n{error.cause}") from error
        raise TryLater(f"{why}\n{error.cause}") from error


def _message(certificate: Certificate, step: str, language: str, base_url: str) -> tuple[str, str]:
    with speaking(language):
        title, end = localized(certificate.record["title"]), day(certificate.valid_until)
        what = (
            _("Your certificate « %(title)s » has expired on %(day)s.", title=title, day=end)
            if step == "expired"
            else _("Your certificate « %(title)s » expires on %(day)s.", title=title, day=end)
        )
        lines = [
            _("Hello,"),
            what,
            _("To renew it, meet the conditions of the track again. Open it from your training platform."),
            _("Your certificates: %(url)s", url=f"{base_url}/certificates/"),
            _("This message is sent once, by a program: nobody reads the answers."),
        ]
        return what, "\n\n".join(lines) + "\n"
