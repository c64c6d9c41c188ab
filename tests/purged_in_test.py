"""Purges as a worker makes them, on a day to come."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import utcnow
from lms.services import retention
from lms.services.authority import Authority


def purged(session: Session, authority: Authority, after: timedelta, **settings: Any) -> dict[str, int]:
    """What a purge takes so long from now."""
    config = authority.config
    if settings:
        config = Config(**{**{name: getattr(config, name) for name in ("base_url", "data_dir")}, **settings})
    total: dict[str, int] = {}
    for what, taken in retention.purge(session, config, authority.keys, utcnow() + after):
        session.commit()
        total[what] = total.get(what, 0) + taken
    session.commit()
    session.expire_all()
    return total
