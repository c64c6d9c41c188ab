"""Work done outside a request: each module has a ``run(tools, payload)``, found by its name.

A job commits its own changes and is idempotent: a worker may die after it ran and before that is noted.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from lms.lti.client import ServiceClient
from lms.lti.grades import GradeService
from lms.services.issuing import Authority


@dataclass(frozen=True)
class Tools:
    """What a job may use."""

    session: Session
    grades: GradeService
    services: ServiceClient
    authority: Authority


class Job(Protocol):
    """Brings about what was promised. Raises ``TryLater`` or ``GiveUp`` (lms.services.outbox)."""

    def __call__(self, tools: Tools, payload: dict[str, Any]) -> None: ...
