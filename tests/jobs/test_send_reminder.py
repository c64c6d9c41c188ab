"""Reminders by e-mail: to a real server, in the person's language, once; what stops one is said without an address."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.orm import Session

from lms import mail
from lms.config import Config
from lms.mail import MailRefused
from lms.models import Certificate, OutboxJob, Reminder, utcnow
from lms.services import certificate_life as life
from lms.services.authority import open_authority
from lms.worker import Worker
from tests.issued_in_test import act, issue
from tests.running_in_test import free_port


class Mailbox:
    """A mail server's end: what it was given, and what it answers."""

    def __init__(self) -> None:
        self.answer, self.farewell = "250 OK", "221 Bye"
        self.messages: list[EmailMessage] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"

    async def handle_QUIT(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return self.farewell


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    """A mail server, and its address."""
    port = free_port()
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, f"smtp://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def issued(app: Flask, session: Session, config: Config) -> Certificate:
    """A certificate that ends in twenty days."""
    made = issue(session, open_authority(config))
    made.valid_until = utcnow() + timedelta(days=20)
    session.commit()
    return made


def run(app: Flask, smtp_url: str) -> None:
    """A round of a worker that may write through that server, if any."""
    app.extensions["mpia"] = replace(
        app.extensions["mpia"], smtp_url=smtp_url, mail_from="formation@example.org" if smtp_url else ""
    )
    worker = Worker(app)
    worker.upkeep()
    worker.drain()


def job(session: Session) -> OutboxJob:
    session.expire_all()
    return session.scalars(sa.select(OutboxJob).filter_by(kind="send_reminder")).one()


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("fr", "Votre certificat « {} » expire le "),
        (None, "Votre certificat « {} » expire le "),
        ("en", "Your certificate « {} » expires on "),
    ],
)
def test_it_is_sent_once_in_the_language_of_its_holder(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str], language: str, subject: str
) -> None:
    box, url = mailbox
    issued.person.language = language
    session.commit()
    for _ in range(2):
        run(app, url)
    (message,) = box.messages
    assert (message["To"], message["From"]) == ("learner-1@example.org", "formation@example.org")
    title = issued.record["title"][language or "fr"]
    said = message["Subject"].replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")
    assert said.startswith(subject.format(title.replace("’", "'").replace("\u00a0", " ")))
    assert "/certificates/" in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"
    assert session.scalars(sa.select(Reminder.sent_at)).one() is not None
    assert job(session).status == "done"
    session.execute(sa.update(OutboxJob).values(status="pending", due_at=utcnow()))
    session.commit()
    run(app, url)  # promised again, it is not sent again
    assert len(box.messages) == 1


def test_nothing_is_sent_where_nothing_is_configured(app: Flask, session: Session, issued: Certificate) -> None:
    run(app, "")
    assert session.scalars(sa.select(Reminder.step)).all() == ["one_month"]
    assert session.scalars(sa.select(OutboxJob).filter_by(kind="send_reminder")).all() == []


def test_revoked_meanwhile_nothing_is_sent(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str]
) -> None:
    run(app, "smtp://127.0.0.1:9")
    assert job(session).status == "pending"
    life.change(session, issued, "revoked", act("error"), utcnow())
    session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
    session.commit()
    run(app, mailbox[1])
    assert mailbox[0].messages == []
    assert job(session).status == "done"


def test_a_server_that_does_not_answer_is_tried_again(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str]
) -> None:
    run(app, "smtp://someone:secret-word@127.0.0.1:9")
    waits = job(session)
    assert (waits.status, waits.tries) == ("pending", 1)
    assert "secret-word" not in str(waits.last_error)
    assert "example.org" not in str(waits.last_error)
    session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
    session.commit()
    run(app, mailbox[1])
    assert len(mailbox[0].messages) == 1


@pytest.mark.parametrize(("answer", "status"), [("550 No such user", "failed"), ("451 Later", "pending")])
def test_what_the_server_refuses_is_said(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str], answer: str, status: str
) -> None:
    box, url = mailbox
    box.answer = answer
    run(app, url)
    assert job(session).status == status
    assert "learner-1" not in str(job(session).last_error)
    assert session.scalars(sa.select(Reminder.sent_at)).one() is None


def test_a_server_that_parts_badly_has_the_message(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str]
) -> None:
    box, url = mailbox
    box.farewell = "451 Not yet"
    run(app, url)
    assert (job(session).status, len(box.messages)) == ("done", 1)


def test_an_address_cannot_add_headers(app: Flask, session: Session, issued: Certificate, mailbox: Any) -> None:
    issued.person.email = "a@example.org\r\nBcc: b@example.org"
    session.commit()
    run(app, mailbox[1])
    assert mailbox[0].messages == []
    assert job(session).status == "failed"


@pytest.mark.parametrize("address", ["a@", "a@[", "<@", "=\t@[ "])
def test_what_is_no_address_is_given_up_and_said(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str], address: str
) -> None:
    issued.person.email = address
    session.commit()
    run(app, mailbox[1])
    assert mailbox[0].messages == []
    assert job(session).status == "failed"
    assert str(job(session).last_error).endswith("\naddress")


def test_what_nobody_expected_loses_no_reminder(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_given: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("lms.jobs.send_reminder.send", faulty)
        run(app, mailbox[1])
    assert (job(session).status, job(session).cause) == ("pending", "unexpected")
    assert session.scalars(sa.select(Reminder.sent_at)).one() is None
    session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
    session.commit()
    run(app, mailbox[1])
    assert len(mailbox[0].messages) == 1


def test_a_password_is_told_over_tls_alone(mailbox: tuple[Mailbox, str], config: Config) -> None:
    url = mailbox[1].replace("smtp://", "smtp://someone:secret@")
    sending = replace(config, smtp_url=url, mail_from="formation@example.org")
    with pytest.raises(MailRefused) as refused:
        mail.send(sending, "a@example.org", "x", "y", "z")
    assert refused.value.cause == smtplib.SMTPNotSupportedError.__name__
    assert mailbox[0].messages == []


def test_a_worker_killed_while_it_sends_writes_to_nobody_twice(
    app: Flask, session: Session, issued: Certificate, mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("lms.jobs.send_reminder.send", killed)
        with pytest.raises(KeyboardInterrupt):
            run(app, mailbox[1])
    session.execute(sa.update(OutboxJob).values(leased_until=None, due_at=utcnow()))
    session.commit()
    run(app, mailbox[1])
    assert mailbox[0].messages == []
