"""Translation of a draft: which texts are missing in a language or did not follow the other, and writing them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.agreement import Agreement, State, digest, digests
from curricula.model import LANGUAGES, LessonText
from curricula.pieces import text_piece
from curricula.texts import Texts, texts_in, texts_of, unit_of, with_texts
from lms.models import Draft, DraftPiece
from lms.services import agreements, drafts, history
from lms.services.words import fold

#: Texts a page shows.
PAGE = 50
#: How many changes of a piece are looked through for what a text said before.
REMEMBERED = 50


@dataclass(frozen=True)
class Count:
    """How many texts there are, how many are in this language and up to date, how many did not follow the other."""

    done: int = 0
    stale: int = 0
    total: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.done + other.done, self.stale + other.stale, self.total + other.total)

    @property
    def missing(self) -> int:
        """How many are not written."""
        return self.total - self.done - self.stale


@dataclass(frozen=True)
class Unit:
    """What is translated at once: a lesson, a question, a module's own texts."""

    path: str
    label: Mapping[str, str]
    agreement: Agreement

    @property
    def module(self) -> str:
        """The module it is of; empty for the track itself."""
        return self.path.partition("/")[0] if "/" in self.path else ""

    def count(self, language: str) -> Count:
        """How its texts stand in a language."""
        waiting = list(self.agreement.open(language).values())
        return Count(self.agreement.total - len(waiting), waiting.count("review"), self.agreement.total)

    def matching(self, language: str, state: str) -> int:
        """How many of its texts are in that state; in any, without one."""
        count = self.count(language)
        return {"missing": count.missing, "review": count.stale, "done": count.done}.get(state, count.total)


@dataclass(frozen=True)
class Pair:
    """A text in both languages. ``seen`` tells whether it is still the one that was read."""

    name: str
    text: Mapping[str, str]
    state: State

    @property
    def seen(self) -> str:
        """The digests of both sides, for a form to carry."""
        return ":".join(digests(dict(self.text)).values())


@dataclass(frozen=True)
class Outcome:
    """What came of a save: the texts written, and those that somebody else changed meanwhile: then none is written."""

    written: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def units(session: Session, draft: Draft, order: Sequence[str] = ()) -> list[Unit]:
    """Everything of a draft that has texts, without their contents: the track, then its modules in ``order``."""
    query = select(DraftPiece.path, DraftPiece.label, DraftPiece.agreed).where(DraftPiece.draft_id == draft.id)
    rows = session.execute(query.order_by(DraftPiece.place, DraftPiece.path)).all()
    titles: dict[str, dict[str, str]] = {}
    for row in rows:
        titles.setdefault(unit_of(row.path), {}).update(row.label)
    found = [Unit(row.path, titles[row.path], Agreement.of_json(row.agreed)) for row in rows if row.agreed]
    places = {module: place for place, module in enumerate(order, start=1)}
    return sorted(found, key=lambda unit: (places.get(unit.module, 0), _rank(unit.path)))


def _rank(path: str) -> int:
    """What comes first of a module, or of the track: its own texts, then lessons, then questions."""
    kind = path.split("/")[1] if "/" in path else path
    kinds = ("track", "module", "lesson", "question")
    return kinds.index(kind) if kind in kinds else len(kinds)


def counted(found: Iterable[Unit]) -> dict[str, dict[str, Count]]:
    """How the texts of each module stand in each language; under « » those of the track itself."""
    made: dict[str, dict[str, Count]] = {}
    for unit in found:
        counts = made.setdefault(unit.module, dict.fromkeys(LANGUAGES, Count()))
        for language in LANGUAGES:
            counts[language] += unit.count(language)
    return made


def with_words(session: Session, draft: Draft, found: list[Unit], words: str) -> list[Unit]:
    """Those whose title, question or options hold every word."""
    query = select(DraftPiece.path).where(DraftPiece.draft_id == draft.id)
    for word in fold(words).split():
        query = query.where(DraftPiece.words.contains(word, autoescape=True))
    holding = {unit_of(path) for path in session.scalars(query)}
    return [unit for unit in found if unit.path in holding]


def page(
    session: Session, draft: Draft, found: list[Unit], language: str, state: str, number: int
) -> list[tuple[Unit, list[Pair]]]:
    """The texts of a page in a state (any without one), by unit; their contents alone are read."""
    first, shown, passed = (number - 1) * PAGE, [], 0
    for unit in found:
        count = unit.matching(language, state)
        if count and passed < first + PAGE and passed + count > first:
            shown.append((unit, max(0, first - passed), first + PAGE - passed))
        passed += count
    contents = _contents(session, draft, [unit for unit, _start, _end in shown])
    made = []
    for unit, start, end in shown:
        matching = [pair for pair in pairs(contents[unit.path], unit.agreement, language) if state in ("", pair.state)]
        made.append((unit, matching[start:end]))
    return made


def pairs(contents: Mapping[str, bytes], agreement: Agreement, language: str) -> list[Pair]:
    """The texts of a unit as they stand in a language."""
    return [Pair(name, text, agreement.state(name, language)) for name, text in texts_of(contents).items()]


def following(found: list[Unit], language: str, path: str) -> Unit | None:
    """The next unit that has something to translate, round after the last one; None when nothing else has."""
    here = next((number for number, unit in enumerate(found) if unit.path == path), -1)
    after = [*found[here + 1 :], *found[: max(here, 0)]]
    return next((unit for unit in after if unit.agreement.open(language)), None)


def save(
    session: Session, draft: Draft, unit: str, language: str, said: Mapping[str, str], seen: Mapping[str, str],
    person_id: int | None, same: str = "",
) -> Outcome:  # fmt: skip
    """Write texts of a unit in a language: those of ``said`` that differ from what was ``seen`` (``Pair.seen``).

    They agree with the other language from then on, unless that one changed since it was seen; so does ``same``, a
    text that is said to hold as it is. Where somebody else wrote another text meanwhile, nothing is written. Raises
    ``Frozen``, and ``Conflict`` when the unit is no longer there.
    """
    drafts.hold(session, draft)
    rows = agreements.of_unit(session, draft.id, unit)
    if unit not in rows:
        raise drafts.Conflict(None)
    now = texts_of({path: row.content for path, row in rows.items()})
    at, other = LANGUAGES.index(language), LANGUAGES.index(next(each for each in LANGUAGES if each != language))
    changed: dict[str, str] = {}
    conflicts: list[str] = []
    agreeing: set[str] = set()
    for name, text in said.items():
        read = (seen.get(name, "").split(":") + [""] * len(LANGUAGES))[: len(LANGUAGES)]
        present = list(digests(now[name]).values()) if name in now else None
        meant = digests({language: text})[language]
        mine = meant != read[at]
        if mine and (present is None or present[at] not in (read[at], meant)):
            conflicts.append(name)
        elif mine and present is not None and present[at] != meant:
            changed[name] = text
        if present is not None and present[other] == read[other] and (mine or (name == same and present == read)):
            agreeing.add(name)
    if conflicts:
        return Outcome([], conflicts)
    if changed:
        _write(session, draft, rows, unit, language, changed, person_id)
    late = Agreement.of_json(rows[unit].agreed).late
    agreeing &= late.keys()
    if agreeing:
        agreements.agree(session, draft, unit, agreeing)
    return Outcome([*changed, *(name for name in late if name in agreeing and name not in changed)])


def _write(
    session: Session, draft: Draft, rows: Mapping[str, DraftPiece], unit: str, language: str,
    changed: Mapping[str, str], person_id: int | None,
) -> None:  # fmt: skip
    path = f"{unit}/{language}" if "/lesson/" in unit else unit
    texts: Texts = {name: {language: text} for name, text in changed.items()}
    before = rows[path].content if path in rows else text_piece(LessonText("", (), ""))
    drafts.put(session, draft, path, with_texts(path, before, texts), person_id)


def _contents(session: Session, draft: Draft, found: list[Unit]) -> dict[str, dict[str, bytes]]:
    """The contents of these units, by unit then by piece. One query."""
    paths = [path for unit in found for path in (unit.path, *(f"{unit.path}/{language}" for language in LANGUAGES))]
    query = select(DraftPiece.path, DraftPiece.content)
    made: dict[str, dict[str, bytes]] = {unit.path: {} for unit in found}
    for path, content in session.execute(query.where(DraftPiece.draft_id == draft.id, DraftPiece.path.in_(paths))):
        made[unit_of(path)][path] = content
    return made


def former(
    session: Session, draft: Draft, rows: Mapping[str, DraftPiece], agreement: Agreement, language: str
) -> dict[str, str]:
    """What texts said in a language when they last agreed with the other, where that changed and is still known."""
    asked = {name: digests[language] for name, digests in agreement.last.items()}
    found: dict[str, str] = {}
    for change in history.changes(session, draft, *rows, limit=REMEMBERED * len(rows)) if asked else ():
        for name, text in texts_in(change.path, change.before or b"").items():
            said = text.get(language, "")
            if name in asked and digest(said) == asked[name]:
                found.setdefault(name, said)
    now = texts_of({path: row.content for path, row in rows.items()})
    return {name: said for name, said in found.items() if said != now[name][language]}
