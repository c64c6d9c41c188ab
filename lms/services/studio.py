"""Who may do what in the studio: roles per track, or for every track of an institution."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import STUDIO_ROLES, Curriculum, Draft, StudioRole, TrackRevision
from lms.services.audit import record
from lms.services.people import hold_person


@dataclass(frozen=True)
class Grants:
    """What a person may do. ``owners``: the institution of each track that has one; the others are the house's own."""

    held: tuple[tuple[str, int | None, str | None], ...]
    owners: dict[str, int | None]

    def __bool__(self) -> bool:
        return bool(self.held)

    def roles(self, track_key: str) -> frozenset[str]:
        """What they may do with a track; none when it is not theirs to see."""
        owner = self.owners.get(track_key)
        return frozenset(
            role
            for role, institution, track in self.held
            if (track == track_key if track is not None else institution == owner)
        )

    def institutions(self) -> list[int | None]:
        """For which institutions they may begin new tracks: those where they are authors of everything."""
        found = {institution for role, institution, track in self.held if role == "author" and track is None}
        return sorted(found, key=lambda number: number or 0)


def grants(session: Session, person_id: int) -> Grants:
    """What a person may do in the studio; two queries."""
    query = select(StudioRole.role, StudioRole.institution_id, StudioRole.track_key).filter_by(person_id=person_id)
    held = tuple((row.role, row.institution_id, row.track_key) for row in session.execute(query))
    if not held:
        return Grants((), {})
    return Grants(held, owners(session))


def owners(session: Session) -> dict[str, int | None]:
    """The institution of each track that has one of its own, or none; the others are the house's own."""
    rows = session.execute(select(Curriculum.track_key, Curriculum.institution_id))
    return {row.track_key: row.institution_id for row in rows}


def grant(
    session: Session, person_id: int, roles: Iterable[str], *, institution_id: int | None = None,
    track_key: str | None = None, by: int | None = None,
) -> None:  # fmt: skip
    """Let a person do this with one track, or with every track of an institution; what they may already is kept once.

    Raises ``ValueError`` for a role that is none.
    """
    hold_person(session, person_id)  # given twice at once, a role taken back would still be there
    for role in roles:
        if role not in STUDIO_ROLES:
            raise ValueError(role)
        identity = {"person_id": person_id, "role": role, "institution_id": institution_id, "track_key": track_key}
        if session.scalars(select(StudioRole).filter_by(**identity)).first() is None:
            session.add(StudioRole(**identity, granted_by=by))
            session.flush()
            reach = {"track": track_key, "institution": institution_id}
            record(session, "studio_role_granted", f"person:{person_id}", by, role=role, **reach)


def known_tracks(session: Session) -> list[str]:
    """The keys of every track: published, or being written for the first time."""
    published = set(session.scalars(select(TrackRevision.track_key).distinct()))
    return sorted(published | set(session.scalars(select(Draft.track_key).distinct())))
