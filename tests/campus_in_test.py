"""The development LMS beside the service, each on the loopback, with a course whose roster may be read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from sqlalchemy.orm import Session

from lms.devlms import Campus, CourseLink, DevLmsSettings, create_devlms, registration, serve
from lms.models import Context, CourseGroup, GroupMember, Membership, OutboxJob, Person, utcnow
from lms.services import rosters
from lms.services.platforms import NewPlatform, add_platform
from lms.worker import Worker
from tests.made_once import give_platform_key
from tests.running_in_test import free_port


@dataclass
class Course:
    """The platform, the course as the service knows it, and the worker that reads its roster."""

    session: Session
    app: Flask
    campus: Campus
    worker: Worker
    context: Context
    #: Addresses asked of the platform's services, in order.
    asked: list[str] = field(default_factory=list)
    #: Answers given instead of the platform's own, by a part of the address.
    instead: dict[str, Callable[[], Response]] = field(default_factory=dict)

    def mood(self, **quirks: Any) -> None:
        self.campus.quirks = replace(self.campus.quirks, **quirks)

    def read(self) -> OutboxJob:
        """Ask for the roster and let the worker read it; gives the job."""
        rosters.ask(self.session, self.context)
        self.session.execute(sa.update(OutboxJob).where(OutboxJob.status == "pending").values(due_at=utcnow()))
        self.session.commit()
        self.worker.drain(120)
        return self.job()

    def job(self) -> OutboxJob:
        self.session.commit()
        self.session.expire_all()
        return self.session.scalars(sa.select(OutboxJob).filter_by(kind=rosters.KIND)).one()

    def members(self) -> dict[str, Membership]:
        """Memberships of the course by LTI user id."""
        self.session.commit()
        self.session.expire_all()
        rows = self.session.scalars(sa.select(Membership).filter_by(context_id=self.context.id))
        return {row.person.subject: row for row in rows}

    def here(self) -> list[str]:
        """LTI user ids of those who have not left."""
        return sorted(subject for subject, row in self.members().items() if row.left_at is None)

    def in_groups(self) -> dict[str, list[str]]:
        """LTI user ids by the name of their group."""
        self.session.commit()
        query = (
            sa.select(CourseGroup.name, Person.subject)
            .outerjoin(GroupMember, GroupMember.group_id == CourseGroup.id)
            .outerjoin(Membership, Membership.id == GroupMember.membership_id)
            .outerjoin(Person, Person.id == Membership.person_id)
            .order_by(Person.subject)
        )
        found: dict[str, list[str]] = {}
        for name, subject in self.session.execute(query):
            found.setdefault(name, []).extend([subject] if subject else [])
        return found


@contextmanager
def campus_course(app: Flask, session: Session, folder: Path, **settings: Any) -> Iterator[Course]:
    """A course of the development LMS, connected, whose roster was never read."""
    tool = serve(app, "127.0.0.1", 0)
    port = free_port()
    chosen = DevLmsSettings(
        issuer=f"http://127.0.0.1:{port}", tool_url=tool.url, client_id="tool", deployment_id="1",
        data_dir=folder / "devlms", links=(CourseLink("3", "Décideurs publics", {"track": "decideurs"}),), **settings,
    )  # fmt: skip
    give_platform_key(chosen.data_dir)
    devlms = create_devlms(chosen)
    campus: Campus = devlms.extensions["devlms"]
    asked, instead = list[str](), dict[str, Callable[[], Response]]()

    @devlms.before_request
    def listen() -> Response | None:
        if request.path.startswith("/services/"):
            asked.append(request.full_path)
        give = next((give for part, give in instead.items() if part in request.full_path), None)
        return give() if give else None

    server = serve(devlms, "127.0.0.1", port)
    platform = add_platform(session, NewPlatform(name="LMS", **registration(chosen)))
    at, course_id = campus.at(chosen.tool), chosen.course_id
    context = Context(deployment=platform.deployments[0], lti_id=course_id, members_url=at.members(course_id))
    if chosen.groups:
        context.groups_url, context.group_sets_url = at.groups(course_id, "groups"), at.groups(course_id, "sets")
    session.add(context)
    app.extensions["tool_keys"].ensure(session)
    session.commit()
    yield Course(session, app, campus, Worker(app), context, asked, instead)
    server.stop()
    tool.stop()
