"""Who is enrolled: the people of the settings, as many fictitious members as asked, and who came or left since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from lms.devlms.people import Person
from lms.devlms.vocabulary import LEARNER

_FIRST: Final = 1_000_000
_DIGITS: Final = 12


class Roster(Mapping[str, Person]):
    """People by id, in an order that does not move: one who left keeps an empty place, one who joins comes last.

    Fictitious members (``size`` of them, all learners) are computed when looked at, so that a hundred thousand
    of them cost no memory.
    """

    def __init__(self, people: Iterable[Person], size: int = 0) -> None:
        self._named = {person.id: person for person in people}
        self._size = size
        self._joined: dict[str, Person] = {}
        self._changed: dict[str, Person] = {}
        self._gone: set[str] = set()

    def __getitem__(self, person_id: str) -> Person:
        person = self._found(person_id)
        if person is None or person_id in self._gone:
            raise KeyError(person_id)
        return person

    def __iter__(self) -> Iterator[str]:
        return (person.id for _position, person in self.members())

    def __len__(self) -> int:
        return len(self._named) + self._size + len(self._joined) - len(self._gone)

    def named(self) -> list[Person]:
        """Those who are not computed, for pages people read."""
        kept = chain(self._named, self._joined)
        return [self[person_id] for person_id in kept if person_id not in self._gone]

    def members(self, start: int = 0, role: str | None = None) -> Iterator[tuple[int, Person]]:
        """The places that follow ``start`` and are not empty, with who is there; ``role`` is a whole address."""
        first, last = len(self._named), len(self._named) + self._size
        named, joined = list(self._named), list(self._joined)
        computed = range(max(first, start), last) if role in {None, LEARNER} else range(0)
        for position in chain(range(start, first), computed, range(max(last, start), last + len(joined))):
            if position < first:
                person_id = named[position]
            elif position < last:
                person_id = str(_FIRST + position - first + 1)
            else:
                person_id = joined[position - last]
            person = self.get(person_id)
            if person is not None and (role is None or role in person.roles):
                yield position, person

    def leave(self, person_id: str, status: str = "") -> None:
        """Unenrol someone: absent from now on, as Moodle does, or listed with that status (NRPS, section 2.2)."""
        person = self[person_id]
        if status:
            self._changed[person_id] = replace(person, status=status)
        else:
            self._gone.add(person_id)

    def join(self, person: Person) -> None:
        """Enrol someone, new or returning."""
        self._gone.discard(person.id)
        if self._found(person.id) is None:
            self._joined[person.id] = person
        else:
            self._changed[person.id] = person

    def _found(self, person_id: str) -> Person | None:
        if person_id in self._changed:
            return self._changed[person_id]
        return self._named.get(person_id) or self._joined.get(person_id) or self._computed(person_id)

    def _computed(self, person_id: str) -> Person | None:
        digits = person_id.isascii() and person_id.isdigit() and len(person_id) <= _DIGITS
        number = int(person_id) - _FIRST if digits else 0
        if not 0 < number <= self._size or person_id != str(number + _FIRST):
            return None
        rank = f"{number:06d}"
        return Person(
            person_id, "Membre", rank, f"membre.{rank}@example.org", f"M-{rank}", (LEARNER,), "Apprenant fictif"
        )
