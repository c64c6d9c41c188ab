"""Nothing is kept for ever: what each setting lets go, batch by batch, and a log of how many, never of whom.

What a purge takes never breaks a month's closed figures, a certificate in force, the journal's chain, or an appeal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certificates.sign.keys import Keys
from lms.config import Config
from lms.i18n import ZONE
from lms.models import OutboxJob, PurgeLine
from lms.models.base import table_of
from lms.models.upsert import insert_into, insert_new
from lms.services import closings
from lms.services import retention_rules as rules
from lms.services.retention_rules import Cut

#: Things taken in one transaction.
BATCH = 200
KIND = "purge"


@dataclass(frozen=True)
class Rule:
    """One sort of things: the setting that says how long, those it lets go, and how they go."""

    what: str
    #: Name in ``Config``, in days.
    setting: str
    due: Callable[[Cut], Select[Any]]
    remove: Callable[[Session, Cut, Sequence[Any]], None]
    #: Whether figures are counted from them: they wait until every month that is over has its closing.
    counted: bool = False


#: In the order in which they go: a certificate after the track it rests on, a person last of all.
RULES = (
    Rule("attempts", "keep_attempts_days", rules.attempts_due, rules.empty_attempts),
    Rule("abandoned", "keep_attempts_days", rules.abandoned_due, rules.remove_abandoned),
    Rule("practice", "keep_attempts_days", rules.practice_due, rules.remove_practice),
    Rule("placements", "keep_attempts_days", rules.placements_due, rules.empty_placements),
    Rule("completions", "keep_completions_days", rules.completions_due, rules.remove_completions, counted=True),
    Rule(
        "certificates", "keep_certificates_after_days", rules.certificates_due, rules.remove_certificates, counted=True
    ),
    Rule("people", "keep_completions_days", rules.people_due, rules.remove_people),
    Rule("agents", "keep_completions_days", rules.agents_due, rules.remove_agents, counted=True),
    Rule("journal", "keep_journal_days", rules.journal_due, rules.remove_journal),
    Rule("exports", "keep_journal_days", rules.exports_due, rules.remove_exports),
    Rule("requests", "keep_journal_days", rules.requests_due, rules.remove_requests),
    Rule("changes", "keep_changes_days", rules.changes_due, rules.remove_changes),
    Rule("files", "keep_changes_days", rules.files_due, rules.remove_files),
    Rule("jobs", "keep_jobs_days", rules.jobs_due, rules.remove_jobs),
)


def waiting(session: Session, config: Config, now: datetime) -> dict[str, int]:
    """How many things of each sort a purge would take now as the data stand; nothing is written.

    What goes may let other things go in the same purge: a certificate whose track went, a person left with nothing.
    """
    closed = not closings.due(session, now)
    return {
        rule.what: session.scalar(select(func.count()).select_from(rule.due(_cut(rule, config, now)).subquery())) or 0
        if closed or not rule.counted
        else 0
        for rule in RULES
    }


def purge(session: Session, config: Config, keys: Keys, now: datetime) -> Iterator[tuple[str, int]]:
    """Take what is due, a batch at a time: (what, how many). The caller commits after each, and may stop there."""
    closed = not closings.due(session, now)
    for rule in RULES:
        if rule.counted and not closed:
            continue
        cut = _cut(rule, config, now, keys)
        while taken := _step(session, rule, cut, f"{rule.setting}={getattr(config, rule.setting)}"):
            yield rule.what, taken


def log(session: Session, limit: int | None = None) -> list[PurgeLine]:
    """The lines of the purge log, the last day first."""
    return list(session.scalars(select(PurgeLine).order_by(PurgeLine.day.desc(), PurgeLine.id).limit(limit)))


def promise_due(session: Session, now: datetime) -> None:
    """Promise the purge of the day, once however many workers ask."""
    identity = {"kind": KIND, "key": now.astimezone(ZONE).date().isoformat()}
    values = {"payload": {}, "status": "pending", "version": 1, "tries": 0, "created_at": now, "due_at": now}
    insert_new(session, OutboxJob, identity, values)


def _cut(rule: Rule, config: Config, now: datetime, keys: Keys | None = None) -> Cut:
    return Cut(now, now - timedelta(days=getattr(config, rule.setting)), keys)


def _step(session: Session, rule: Rule, cut: Cut, said: str) -> int:
    """One batch; how many there were. What another purge holds, or somebody is changing, is left to the next one."""
    query = rule.due(cut)
    found = session.scalars(query.limit(BATCH).with_for_update(skip_locked=True, of=query.columns_clause_froms)).all()
    if found:
        rule.remove(session, cut, found)
        table = table_of(PurgeLine)
        line = insert_into(session.connection().dialect.name, table)
        more = {"count": table.c.count + line.excluded.count}
        values = {"day": cut.now.astimezone(ZONE).date(), "what": rule.what, "rule": said, "count": len(found)}
        session.execute(line.on_conflict_do_update(index_elements=["day", "what", "rule"], set_=more), values)
        session.flush()
        session.expire_all()
    return len(found)
