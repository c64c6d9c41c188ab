"""What a development LMS is told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lms.devlms.people import PEOPLE, Person
from lms.devlms.quirks import Quirks
from lms.devlms.tools import Tool, origin_of

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Course:
    """``history`` names the courses this one was copied from, the nearest first."""

    id: str
    label: str
    title: str
    history: tuple[str, ...] = ()


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
    #: The links this one was copied from, the nearest first.
    history: tuple[str, ...] = ()
    #: The address it opens; empty for the tool's launch address.
    url: str = ""


@dataclass(frozen=True, slots=True)
class DeepLinking:
    """What the picker is asked for (Deep Linking 2.0, section 2.2.2), by default as Moodle does."""

    accept_types: tuple[str, ...] = ("ltiResourceLink",)
    accept_multiple: bool = True
    accept_lineitem: bool = True
    accept_presentation_document_targets: tuple[str, ...] = ("frame", "iframe", "window")
    auto_create: bool = True
    accept_media_types: str = ""
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Lti1p1:
    """What the platform used with this tool in LTI 1.1; people and links had these ids under a prefix."""

    consumer_key: str
    secret: str
    prefix: str = "lti1-"


@dataclass(frozen=True, slots=True)
class GroupSet:
    """Groups made together, as Moodle's groupings."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Some people of the course; ``set_id`` names the set it belongs to, if any."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    tag: str = ""
    set_id: str = ""


@dataclass(frozen=True, slots=True)
class DevLmsSettings:
    """One LMS, and what it has at first: one course, one tool registered by hand."""

    issuer: str
    tool_url: str
    client_id: str
    deployment_id: str
    data_dir: Path
    links: tuple[CourseLink, ...]
    people: tuple[Person, ...] = PEOPLE
    #: How many fictitious learners (« Membre 000123 ») are enrolled besides ``people``.
    roster_size: int = 0
    #: The course groups service is off without any.
    groups: tuple[Group, ...] = ()
    group_sets: tuple[GroupSet, ...] = ()
    quirks: Quirks = field(default_factory=Quirks)
    deep_linking: DeepLinking = field(default_factory=DeepLinking)
    #: When given, launches carry the LTI 1.1 migration claim.
    lti1p1: Lti1p1 | None = None
    #: Custom parameters of the tool, sent with every message.
    custom: Mapping[str, str] = field(default_factory=dict)
    tool_name: str = "Outil"
    course_id: str = "2"
    course_label: str = "IA-SP"
    course_title: str = "L'intelligence artificielle dans le service public"

    def __post_init__(self) -> None:
        """Refuse what would expose this LMS, which lets anyone be anyone, beyond the machine."""
        if urlsplit(self.issuer).hostname not in LOOPBACK:
            raise ValueError(f"The development LMS lives on the loopback only, not at {self.issuer}")
        for url in (self.issuer, self.tool_url):
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or url != origin_of(url):
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
    def tool(self) -> Tool:
        """The tool registered by hand, number one."""
        return Tool(
            number=1,
            client_id=self.client_id,
            deployment_id=self.deployment_id,
            name=self.tool_name,
            login_url=self.login_url,
            launch_url=self.launch_url,
            jwks_url=f"{self.tool_url}/lti/jwks.json",
            redirect_uris=(self.launch_url,),
            custom=self.custom,
        )

    @property
    def course(self) -> Course:
        """The course the settings describe."""
        return Course(self.course_id, self.course_label, self.course_title)
