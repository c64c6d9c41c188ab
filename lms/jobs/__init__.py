"""Work done outside a request: each module has a ``run(tools, payload)``, found by its name.

A job commits its own changes and is idempotent: a worker may die after it ran and before that is noted. A module for
many small deliveries says how many are done ``TOGETHER``, and its ``run(tools, claims)`` is given those that are due.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from lms.lti.client import ServiceClient
from lms.services.authority import Authority
from lms.services.claiming import Claim
from lms.services.matching import DEFAULT_KEYS, Keys
from lms.services.outcomes import Outcome


@dataclass(frozen=True)
class Tools:
    """What a job may use."""

    session: Session
    services: ServiceClient
    authority: Authority
    #: Where platforms may bring their notices.
    notices_url: str
    #: By what people are matched with HR's agents.
    keys: Keys = DEFAULT_KEYS


class Job(Protocol):
    """Brings about what was promised. Raises ``TryLater`` or ``GiveUp`` (lms.services.outcomes)."""

    def __call__(self, tools: Tools, payload: dict[str, Any]) -> None: ...


class Batch(Protocol):
    """Brings about what was promised in many claims; gives what became of each, by its number.

    What it leaves uncommitted is committed with the outcomes.
    """

    def __call__(self, tools: Tools, claims: Sequence[Claim]) -> Mapping[int, Outcome]: ...
