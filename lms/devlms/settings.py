"""What a development LMS is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lms.devlms.people import PEOPLE, Person
from lms.devlms.quirks import Quirks

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class CourseLink:
    """A resource link of the course, with the column the LMS makes for it in the gradebook."""

    id: str
    title: str
    custom: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    score_maximum: float = 100.0
    #: Where it stands and which tool it opens; empty for the course and the tool of the settings.
    course_id: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class DevLmsSettings:
    """One LMS, one course, one registered tool."""

    issuer: str
    tool_url: str
    client_id: str
    deployment_id: str
    data_dir: Path
    links: tuple[CourseLink, ...]
    people: tuple[Person, ...] = PEOPLE
    #: How many fictitious learners (« Membre 000123 ») are enrolled besides ``people``.
    roster_size: int = 0
    quirks: Quirks = field(default_factory=Quirks)
    course_id: str = "2"
    course_label: str = "IA-SP"
    course_title: str = "L'intelligence artificielle dans le service public"

    def __post_init__(self) -> None:
        """Refuse what would expose this LMS, which lets anyone be anyone, beyond the machine."""
        if urlsplit(self.issuer).hostname not in LOOPBACK:
            raise ValueError(f"The development LMS lives on the loopback only, not at {self.issuer}")
        for url in (self.issuer, self.tool_url):
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or url != _origin(url):
                raise ValueError(f"Expected a scheme, a host and perhaps a port, without a path: {url}")
        for kind, ids in (("link", [x.id for x in self.links]), ("person", [p.id for p in self.people])):
            if len(set(ids)) != len(ids):
                raise ValueError(f"Two entries share a {kind} id: {ids}")

    @property
    def launch_url(self) -> str:
        """The tool's redirect URI, the only one allowed, and the target of every link."""
        return f"{self.tool_url}/lti/launch"

    @property
    def login_url(self) -> str:
        """The tool's login initiation door (OIDC third-party initiated login)."""
        return f"{self.tool_url}/lti/login"

    @property
    def tool_jwks_url(self) -> str:
        """The tool's public keys, which authenticate its token requests."""
        return f"{self.tool_url}/lti/jwks.json"

    def link(self, link_id: str) -> CourseLink | None:
        """The resource link of that id."""
        return next((link for link in self.links if link.id == link_id), None)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
