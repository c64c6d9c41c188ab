"""What notices of platforms change here, each once."""

from datetime import timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from lms.lti.model import Message, Registration
from lms.lti.notices import CONTEXT_COPY, WANTED, Notice
from lms.models import OutboxJob, SeenNotice, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_new
from lms.services.audit import record
from lms.services.copies import note_copy, origin_course
from lms.services.outbox import promise

#: How long a notice is remembered: longer than its token can be accepted.
REMEMBERED = timedelta(days=2)

_JOB = table_of(OutboxJob)


def ask_once(own: Connection, message: Message) -> None:
    """Promise to ask the platform for its notices, the first time a deployment says that it sends some we want."""
    service = message.notices
    wanted = [kind for kind in WANTED if service is not None and kind in service.types]
    if service is None or not wanted:
        return
    key = f"deployment:{message.deployment}"
    asked = select(_JOB.c.id).where(_JOB.c.kind == "ask_notices", _JOB.c.key == key)
    if own.execute(asked).first() is None:
        payload = {"platform_id": message.registration.platform_id, "url": service.url, "types": wanted}
        with Session(own) as joined:
            promise(joined, "ask_notices", key, payload, platform_id=message.registration.platform_id)


def take(own: Connection, registration: Registration, notice: Notice) -> bool:
    """Bring about what a notice says; False when it was taken before."""
    identity = {"platform_id": registration.platform_id, "notice_id": notice.id}
    if not _new(own, identity):
        return False
    if notice.type == CONTEXT_COPY:
        deployment = registration.deployments[notice.deployment_id]
        origin = origin_course(own, registration.platform_id, notice.origins)
        if origin is not None:
            number = note_copy(own, deployment, notice.course, notice.course_title, origin)
            record(own, "course_copied", f"context:{number}", origin=origin)
    return True


def sweep(session: Session) -> None:
    """Forget notices whose token can no longer be accepted."""
    session.execute(delete(SeenNotice).where(SeenNotice.expires_at < utcnow()))


def _new(own: Connection, identity: dict[str, object]) -> bool:
    return insert_new(own, SeenNotice, identity, {"expires_at": utcnow() + REMEMBERED}) is not None
