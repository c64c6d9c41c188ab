"""The running LMS: its settings, key and memory, and what it knows of courses, links, tools and people."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain

from flask import current_app

from lms.devlms.addresses import Addresses
from lms.devlms.catalogue import Catalogue
from lms.devlms.gradebook import LineItem
from lms.devlms.keys import load_or_make
from lms.devlms.launches import Launches
from lms.devlms.people import Person
from lms.devlms.roster import Roster
from lms.devlms.settings import Course, CourseLink, DevLmsSettings, Group
from lms.devlms.store import Store
from lms.devlms.tokens import RegistrationTokens, Tokens
from lms.devlms.tools import DEEP_LINKING, PRIVACY, RESOURCE_LINK, REVIEW, Tool
from lms.devlms.vocabulary import GROUPS_SCOPE, NOTICES_SCOPE, SCOPES

EXTENSION = "devlms"


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """Where a launch says the services are; ``line_item`` only when the link has exactly one column."""

    line_items: str
    line_item: str | None
    members: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice that was sent, and the status the tool answered (0 when it could not be reached)."""

    notice_type: str
    url: str
    status: int


class Campus:
    """One development LMS. ``quirks``, ``deep_linking`` and ``people`` may be replaced while it runs."""

    def __init__(self, settings: DevLmsSettings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.quirks = settings.quirks
        self.deep_linking = settings.deep_linking
        self.key = load_or_make(settings.data_dir / "platform-key.pem")
        memory = settings.data_dir / "devlms.sqlite3"
        self.store = Store(memory, {"course_id": settings.course_id, "client_id": settings.client_id})
        self.store.keep_columns_of(settings.links)
        self.catalogue = Catalogue(memory)
        self.tokens = Tokens()
        self.registration_tokens = RegistrationTokens()
        self.launches = Launches()
        #: The last notices sent to tools, with what became of them.
        self.deliveries: deque[Delivery] = deque(maxlen=100)
        self._roster = Roster(settings.people, settings.roster_size)
        self._lock = threading.Lock()

    @property
    def people(self) -> Roster:
        """Who is enrolled; ``leave`` and ``join`` change it, and it may be replaced as a whole."""
        return self._roster

    @people.setter
    def people(self, people: Mapping[str, Person]) -> None:
        self._roster = Roster(people.values())

    def leave(self, person_id: str, status: str = "") -> None:
        """Someone leaves the courses, absent from their roster or listed there as Inactive or Deleted."""
        self._roster.leave(person_id, status)

    def join(self, person: Person) -> None:
        """Someone joins the courses, or comes back."""
        self._roster.join(person)

    def now(self) -> float:
        """The platform's clock, which may be wrong (``clock_skew_seconds``)."""
        return time.time() + self.quirks.clock_skew_seconds

    def take_rate_limited(self) -> bool:
        """Whether this answer is one of those to refuse, counting it off."""
        with self._lock:
            left = self.quirks.rate_limited
            if left:
                self.quirks = replace(self.quirks, rate_limited=left - 1)
            return left > 0

    def courses(self) -> list[Course]:
        """The course of the settings, then those copied from it."""
        return [self.settings.course, *self.catalogue.courses()]

    def course(self, course_id: str) -> Course | None:
        """The course of that id."""
        return self.settings.course if course_id == self.settings.course_id else self.catalogue.course(course_id)

    def links(self, course_id: str) -> list[CourseLink]:
        """The links of a course: those of the settings, then those added."""
        given = self.settings.links if course_id == self.settings.course_id else ()
        return [self._placed(link) for link in chain(given, self.catalogue.links(course_id))]

    def link(self, link_id: str) -> CourseLink | None:
        """The link of that id, in whatever course."""
        given = next((link for link in self.settings.links if link.id == link_id), None)
        found = given or self.catalogue.link(link_id)
        return self._placed(found) if found else None

    def tools(self) -> list[Tool]:
        """The tool of the settings, then those that registered themselves."""
        return [replace(self.settings.tool, active=not self.quirks.pending), *self.catalogue.tools()]

    def tool(self, client_id: str) -> Tool | None:
        """The tool of that client id."""
        return next((tool for tool in self.tools() if tool.client_id == client_id), None)

    def groups(self, course_id: str) -> tuple[Group, ...]:
        """The groups of a course; copies have none."""
        return self.settings.groups if course_id == self.settings.course_id else ()

    def at(self, tool: Tool) -> Addresses:
        """Where the doors are, as written today for that tool."""
        return Addresses(self.settings.issuer, str(tool.number) if self.quirks.type_id_in_urls else "")

    def messages(self) -> tuple[str, ...]:
        """The kinds of messages this platform sends."""
        offered = ((REVIEW, self.quirks.submission_review), (PRIVACY, self.quirks.data_privacy))
        return (RESOURCE_LINK, DEEP_LINKING, *(kind for kind, on in offered if on))

    def scopes(self) -> tuple[str, ...]:
        """What this platform can grant."""
        offered = ((GROUPS_SCOPE, bool(self.settings.groups)), (NOTICES_SCOPE, self.quirks.notices))
        return (*SCOPES, *(scope for scope, on in offered if on))

    def service_urls(self, link_id: str) -> ServiceUrls:
        """What a launch of that link announces (AGS 2.0, section 3.1: ``lineitem`` only if there is one)."""
        link = self.link(link_id)
        tool = self.tool(link.client_id) if link else None
        if link is None or tool is None:
            raise KeyError(link_id)
        urls = self.at(tool)
        items = self.store.line_items({"resource_link_id": link_id, "client_id": tool.client_id}, limit=2)
        told = len(items) == 1 and not self.quirks.no_line_item_claim
        item = urls.line_item(link.course_id, items[0].id) if told else None
        return ServiceUrls(urls.line_items(link.course_id), item, urls.members(link.course_id))

    def add_links(self, links: list[tuple[CourseLink, LineItem | None]]) -> list[CourseLink]:
        """Put links in a course, each with the column it asks for."""
        added = self.catalogue.add_links([link for link, _item in links])
        for link, (_link, item) in zip(added, links, strict=True):
            if item:
                self._own_column(link, item)
        return added

    def copy_course(self, course: Course) -> Course:
        """A copy of a course: its links under new ids, with new columns and no score."""
        links = self.links(course.id)
        copy, copies = self.catalogue.copy_course(course, links)
        for link, made in zip(links, copies, strict=True):
            for item in self.store.line_items({"resource_link_id": link.id, "own": True}):
                self._own_column(made, item)
        return copy

    def _own_column(self, link: CourseLink, item: LineItem) -> None:
        self.store.add_line_item(
            replace(item, id=0, own=True, resource_link_id=link.id, course_id=link.course_id, client_id=link.client_id)
        )

    def _placed(self, link: CourseLink) -> CourseLink:
        return replace(
            link,
            course_id=link.course_id or self.settings.course_id,
            client_id=link.client_id or self.settings.client_id,
        )


def campus() -> Campus:
    """The LMS of the current application."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Campus):
        raise TypeError("No development LMS in this application")
    return found
