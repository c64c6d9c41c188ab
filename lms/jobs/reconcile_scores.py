"""Compares what a gradebook column shows with the scores it was sent."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import joinedload

from lms.jobs import Tools
from lms.lti.client import ServiceRefused
from lms.lti.grades import RESULT_SCOPE, results
from lms.lti.model import LtiError
from lms.models import Context, Deployment, Participation, Person, ResourceLink, utcnow
from lms.models.base import table_of
from lms.services.failures import platform_failure, service_failure
from lms.services.platforms import registration
from lms.services.reconciliation import different

_PA = table_of(Participation)
_SEEN = (
    update(_PA)
    .where(_PA.c.id == bindparam("row"))
    .values(result_seen=bindparam("grade"), result_seen_at=bindparam("moment"))
)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Keep the grade each learner of a link has on the platform. It is shown to administrators and decides nothing."""
    session, began = tools.session, utcnow()
    query = select(ResourceLink).where(ResourceLink.id == payload["link_id"])
    loads = joinedload(ResourceLink.context).joinedload(Context.deployment)
    link = session.scalars(query.options(loads)).first()
    if link is None or link.lineitem_url is None or (link.ags_scopes and RESULT_SCOPE not in link.ags_scopes):
        return
    deployment: Deployment = link.context.deployment
    people = select(Person.subject, Participation.id).join_from(Participation, Person)
    rows = session.execute(people.where(Participation.resource_link_id == link.id))
    known = {row.subject: row.id for row in rows}
    try:
        platform = registration(session, deployment.platform_id)
        session.commit()  # no transaction stays open while the platform answers
        for page in results(tools.services, platform, str(link.lineitem_url)):
            seen = [_row(known[user], grade, began) for user, grade in page.items() if user in known]
            if seen:
                session.connection().execute(_SEEN, seen)
                session.commit()
    except ServiceRefused as refused:
        raise service_failure(refused.status, after=refused.after) from refused
    except LtiError as error:
        raise platform_failure(error) from error
    # Whoever is not among the results has no grade there, or Moodle's 0.
    absent = update(_PA).where(_PA.c.resource_link_id == link.id)
    session.execute(
        absent.where(_PA.c.result_seen_at.is_(None) | (_PA.c.result_seen_at < began)).values(
            result_seen=None, result_seen_at=began
        )
    )
    link.reconciled_at, link.differing = began, len(different(session, link.id))
    session.commit()


def _row(participation_id: int, grade: Fraction, moment: datetime) -> dict[str, Any]:
    return {"row": participation_id, "grade": grade, "moment": moment}
