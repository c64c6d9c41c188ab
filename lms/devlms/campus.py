"""The running LMS: its settings, key and memory, and the addresses it gives to its services."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from flask import current_app

from lms.devlms.keys import load_or_make
from lms.devlms.launches import Launches, ServiceUrls
from lms.devlms.people import Person
from lms.devlms.roster import Roster
from lms.devlms.settings import DevLmsSettings
from lms.devlms.store import Store
from lms.devlms.tokens import Tokens

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
    def token_url(self) -> str:
        """The token endpoint, which is also the audience of client assertions."""
        return f"{self.settings.issuer}/token"

    def line_items_url(self, query: Mapping[str, str] | None = None) -> str:
        """The container of columns."""
        return self._service(f"ags/{self.settings.course_id}/lineitems", query)

    def line_item_url(self, item_id: int, below: str = "", query: Mapping[str, str] | None = None) -> str:
        """A column, or what lies below it (``/scores``, ``/results``)."""
        return self._service(f"ags/{self.settings.course_id}/lineitems/{item_id}/lineitem{below}", query)

    def members_url(self, query: Mapping[str, str] | None = None) -> str:
        """The course's roster; Moodle puts no type_id there."""
        path = f"{self.settings.issuer}/services/nrps/{self.settings.course_id}/memberships"
        return f"{path}?{urlencode(query)}" if query else path

    def service_urls(self, link_id: str) -> ServiceUrls:
        """What a launch of that link announces (AGS 2.0, section 3.1: ``lineitem`` only if there is one)."""
        items = self.store.line_items({"resource_link_id": link_id}, limit=2)
        told = len(items) == 1 and not self.quirks.no_line_item_claim
        item = self.line_item_url(items[0].id) if told else None
        return ServiceUrls(self.line_items_url(), item, self.members_url())

    def _service(self, path: str, query: Mapping[str, str] | None) -> str:
        full = {**({"type_id": "1"} if self.quirks.type_id_in_urls else {}), **(query or {})}
        url = f"{self.settings.issuer}/services/{path}"
        return f"{url}?{urlencode(full)}" if full else url


def campus() -> Campus:
    """The LMS of the current application."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Campus):
        raise TypeError("No development LMS in this application")
    return found
