"""Finds the gradebook column of a link, or makes it, where the platform names none."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from lms.jobs import Tools
from lms.lti import lineitems
from lms.lti.client import ServiceRefused
from lms.lti.grades import MAXIMUM
from lms.lti.lineitems import TAG, LineItem
from lms.lti.model import LtiError, Registration
from lms.models import Context, Deployment, Participation, ResourceLink
from lms.services.failures import platform_failure, service_failure
from lms.services.library import Library
from lms.services.outcomes import N_, GiveUp
from lms.services.platforms import registration
from lms.services.results import promise_score

SEVERAL = N_("The gradebook has several columns for this activity. Scores go to the first one: remove the others.")


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Make sure the link has a column, then promise what it has not been told.

    The job's key is the lock: at most one worker looks for the column of a link.
    """
    session = tools.session
    query = select(ResourceLink).where(ResourceLink.id == payload["link_id"])
    loads = joinedload(ResourceLink.context).joinedload(Context.deployment)
    link = session.scalars(query.options(loads)).first()
    if link is None or (link.lineitem_url is None and link.lineitems_url is None):
        return
    deployment: Deployment = link.context.deployment
    if link.lineitem_url is None:
        wanted = _wanted(session, link)
        taken = select(ResourceLink.lineitem_url).where(ResourceLink.context_id == link.context_id)
        others = {url for url in session.scalars(taken) if url is not None}
        scopes, container = frozenset(link.ags_scopes), str(link.lineitems_url)
        try:
            platform = registration(session, deployment.platform_id)
            session.commit()  # no transaction stays open while the platform answers
            found = _found(tools, platform, container, wanted, scopes, others)
            column = found[0] if found else _made(tools, platform, container, wanted, scopes)
        except ServiceRefused as refused:
            raise service_failure(refused.status, after=refused.after) from refused
        except LtiError as error:
            raise platform_failure(error) from error
        none_yet = update(ResourceLink).where(ResourceLink.id == link.id, ResourceLink.lineitem_url.is_(None))
        values = {"lineitem_url": column.url, "column_note": SEVERAL if len(found) > 1 else None}
        session.execute(none_yet.values(values).execution_options(synchronize_session=False))  # a launch may name one
    untold = select(Participation.id).where(
        Participation.resource_link_id == link.id, Participation.score_sent.is_(None)
    )
    promise_score(session, session.scalars(untold).all(), deployment.platform_id)
    session.commit()


def _wanted(session: Session, link: ResourceLink) -> LineItem:
    """The column of a link as we would make it; its resource is what it opens, whatever the platform calls it."""
    track = Library(session).get(link.track_key or "")
    module = track.module(link.module_key) if track and link.module_key else None
    titled = module or track
    label = link.title or (titled.title["fr"] if titled else "Manager Public IA")
    resource = "/".join(filter(None, (link.track_key, link.module_key))) or None
    return LineItem(label[:255], float(MAXIMUM), link=link.lti_id, resource=resource, tag=TAG)


def _found(
    tools: Tools, platform: Registration, container: str, wanted: LineItem, scopes: frozenset[str], others: set[str]
) -> Sequence[LineItem]:
    """The columns there are for the link, ours first. Filters first, then every column: filters hide some."""
    readable = tuple(sorted({lineitems.SCOPE, lineitems.READ_SCOPE} & scopes))[:1] or (lineitems.READ_SCOPE,)

    def listed(**filters: str) -> Iterator[LineItem]:
        return lineitems.listed(tools.services, platform, readable, container, **filters)

    assert wanted.link is not None
    found = _matching(listed(resource_link_id=wanted.link), wanted, others)
    if not found and wanted.resource is not None:
        found = _matching(listed(resource_id=wanted.resource), wanted, others)
    return found or _matching(listed(), wanted, others)


def _matching(items: Iterable[LineItem], wanted: LineItem, others: set[str]) -> Sequence[LineItem]:
    # A column of the link itself, or one of ours that no link claims: never a teacher's.
    mine = [
        item
        for item in items
        if item.url not in others
        and (item.link == wanted.link or (item.link is None and item.tag == TAG and item.resource == wanted.resource))
    ]
    return sorted(mine, key=lambda item: item.tag != TAG)


def _made(tools: Tools, platform: Registration, container: str, wanted: LineItem, scopes: frozenset[str]) -> LineItem:
    if scopes and lineitems.SCOPE not in scopes:
        why = N_(
            "The activity has no gradebook column, and the platform does not let us make one. Give the activity a "
            "grade, or allow column management in the tool's settings."
        )
        raise GiveUp(why, cause="no_column")
    return lineitems.create(tools.services, platform, container, wanted)
