"""Where the platform's doors are, as its messages and answers write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

Query = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Addresses:
    """``type_id`` is what Moodle adds to grade services' addresses; empty without that quirk."""

    issuer: str
    type_id: str = ""

    @property
    def token(self) -> str:
        """The token endpoint, which is also the audience of client assertions."""
        return f"{self.issuer}/token"

    def line_items(self, course_id: str, query: Query = None) -> str:
        """The container of columns."""
        return self._typed(f"ags/{course_id}/lineitems", query)

    def line_item(self, course_id: str, item_id: int, below: str = "", query: Query = None) -> str:
        """A column, or what lies below it (``/scores``, ``/results``)."""
        return self._typed(f"ags/{course_id}/lineitems/{item_id}/lineitem{below}", query)

    def members(self, course_id: str, query: Query = None) -> str:
        """A course's roster; Moodle puts no type_id there."""
        return self._service(f"nrps/{course_id}/memberships", query)

    def groups(self, course_id: str, kind: str, query: Query = None) -> str:
        """A course's ``groups``, or its ``sets`` of groups."""
        return self._service(f"groups/{course_id}/{kind}", query)

    def notices(self, number: int) -> str:
        """Where the tool of that number says which notices it wants."""
        return self._service(f"notices/{number}", None)

    def _typed(self, path: str, query: Query) -> str:
        return self._service(path, {**({"type_id": self.type_id} if self.type_id else {}), **(query or {})})

    def _service(self, path: str, query: Query) -> str:
        url = f"{self.issuer}/services/{path}"
        return f"{url}?{urlencode(query)}" if query else url
