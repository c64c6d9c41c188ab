"""The running LMS: its settings, key and memory, and the addresses it gives to its services."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from flask import current_app

from lms.devlms.addresses import Addresses
from lms.devlms.keys import load_or_make
from lms.devlms.launches import Launches, ServiceUrls
from lms.devlms.people import Person
from lms.devlms.roster import Roster
from lms.devlms.settings import DevLmsSettings
from lms.devlms.store import Store
from lms.devlms.tokens import Tokens
from lms.devlms.vocabulary import GROUPS_SCOPE, SCOPES

EXTENSION = "devlms"


class Campus:
    """One development LMS. ``quirks`` may be replaced while it runs."""

    def __init__(self, settings: DevLmsSettings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.quirks = settings.quirks
        self.key = load_or_make(settings.data_dir / "platform-key.pem")
        self.store = Store(
            settings.data_dir / "devlms.sqlite3", {"course_id": settings.course_id, "client_id": settings.client_id}
        )
        self.store.keep_columns_of(settings.links)
        self.tokens = Tokens()
        self.launches = Launches()
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
        """Someone leaves the course, absent from its roster or listed there as Inactive or Deleted."""
        self._roster.leave(person_id, status)

    def join(self, person: Person) -> None:
        """Someone joins the course, or comes back."""
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

    @property
    def at(self) -> Addresses:
        """Where the doors are, as written today."""
        return Addresses(self.settings.issuer, "1" if self.quirks.type_id_in_urls else "")

    def scopes(self) -> tuple[str, ...]:
        """What this platform can grant."""
        return (*SCOPES, *((GROUPS_SCOPE,) if self.settings.groups else ()))

    def service_urls(self, link_id: str) -> ServiceUrls:
        """What a launch of that link announces (AGS 2.0, section 3.1: ``lineitem`` only if there is one)."""
        course_id = self.settings.course_id
        items = self.store.line_items({"resource_link_id": link_id}, limit=2)
        told = len(items) == 1 and not self.quirks.no_line_item_claim
        item = self.at.line_item(course_id, items[0].id) if told else None
        return ServiceUrls(self.at.line_items(course_id), item, self.at.members(course_id))


def campus() -> Campus:
    """The LMS of the current application."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Campus):
        raise TypeError("No development LMS in this application")
    return found
