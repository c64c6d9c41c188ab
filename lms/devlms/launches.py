"""What the LMS remembers between a page of its own and the authentication request it leads to."""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from lms.devlms.people import Person
from lms.devlms.settings import Course, CourseLink
from lms.devlms.tools import RESOURCE_LINK, Tool

_HINT_LIFETIME: Final = 1800


@dataclass(frozen=True, slots=True)
class Launch:
    """Someone sent to a tool with a message, in a frame or in a window of its own."""

    person: Person
    tool: Tool
    course: Course
    document_target: str
    message_type: str = RESOURCE_LINK
    link: CourseLink | None = None
    #: Whom a review or a data-privacy launch is about.
    for_user: Person | None = None
    #: The column a review is about.
    line_item_id: int = 0
    #: What a deep linking answer must give back, if anything.
    data: str = ""
    #: The address and the custom parameters it has besides its tool's and its link's.
    target: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default="")
    expires: float = 0.0


class Launches:
    """Open launches by their unguessable id.

    The id proves at ``/auth`` who is launching: inside a frame of another site no cookie of ours would come.
    It serves more than once, because a tool may start the login again from a new tab with the same hints.
    """

    def __init__(self) -> None:
        self._open: dict[str, Launch] = {}
        self._lock = threading.Lock()

    def begin(self, launch: Launch) -> str:
        """Remember a launch; the answer is its ``lti_message_hint``, JSON as Moodle 4 writes it."""
        now = time.time()
        begun = replace(launch, id=secrets.token_urlsafe(16), expires=now + _HINT_LIFETIME)
        with self._lock:
            self._open = {key: launch for key, launch in self._open.items() if launch.expires > now}
            self._open[begun.id] = begun
        link = {"cmid": launch.link.id} if launch.link else {}
        return json.dumps({**link, "launchid": f"ltilaunch_{begun.id}"})

    def find(self, message_hint: str, login_hint: str) -> Launch | None:
        """The launch both hints speak of, if they agree."""
        try:
            launch = self.open(json.loads(message_hint)["launchid"].removeprefix("ltilaunch_"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return launch if launch and launch.person.id == login_hint else None

    def open(self, launch_id: str) -> Launch | None:
        """The open launch of that id."""
        launch = self._open.get(launch_id)
        return launch if launch and launch.expires > time.time() else None

    def end(self, launch_id: str) -> bool:
        """Close a launch whose answer came; false when it was closed already."""
        with self._lock:
            return self._open.pop(launch_id, None) is not None
