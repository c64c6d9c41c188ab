"""Our tool as these tests drive it: its blocks on the platform, results earned here, scores delivered there."""

from fractions import Fraction
from typing import Any

import httpx
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.devlms.client import Form, forms
from lms.models import Enrolment, OutboxJob, utcnow
from lms.services.platforms import NewPlatform, add_platform
from lms.worker import Worker
from tests.learner_in_test import module, take
from tests.openedx.edx import Block, OpenEdx


class OurTool:
    """The service, served at ``url``, and its worker."""

    def __init__(self, edx: OpenEdx, url: str, app: Flask, session: Session) -> None:
        self.edx, self.url, self.session = edx, url, session
        app.extensions["tool_keys"].ensure(session)
        session.commit()
        self.worker = Worker(app)

    def block(self, course: str = "", **fields: Any) -> Block:
        """A new block (``OpenEdx.block``), connected to the tool with what Studio shows of it."""
        block = self.edx.block(self.url, course, **fields)
        add_platform(
            self.session,
            NewPlatform(
                name="Open edX", issuer=block.issuer, client_id=block.client_id, auth_url=block.auth_url,
                token_url=block.token_url, jwks_url=block.jwks_url, deployment_id=block.deployment_id,
            ),
        )  # fmt: skip
        self.session.commit()
        return block

    def earn(self, module_key: str, correct: int | None = None) -> Fraction:
        """A result of the only learner there is, whose score is promised to the gradebook."""
        self.session.rollback()  # what a launch wrote in a thread of its own is read afresh
        score = take(self.session, self.session.scalars(sa.select(Enrolment)).one(), module(module_key), correct).score
        assert score is not None
        return score

    def work(self) -> None:
        """Let every delay pass and the worker do what is due."""
        self.session.execute(sa.update(OutboxJob).where(OutboxJob.status == "pending").values(due_at=utcnow()))
        self.session.commit()
        self.worker.drain()
        self.session.expire_all()

    def promise_again(self) -> None:
        """Ask that the scores be delivered once more."""
        values = {"status": "pending", "version": OutboxJob.version + 1, "finished_at": None}
        self.session.execute(sa.update(OutboxJob).where(OutboxJob.kind == "send_score").values(values))
        self.session.commit()

    @staticmethod
    def forms(page: httpx.Response) -> list[Form]:
        """The forms of a page, as ``Browser.submit`` numbers them."""
        return forms(page.text)

    def deliver(self) -> OutboxJob:
        """Do what is due; gives the delivery of the score."""
        self.work()
        return self.session.scalars(sa.select(OutboxJob).filter_by(kind="send_score")).one()
