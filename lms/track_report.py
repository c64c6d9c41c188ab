"""``lms track report``: what tracks hold and what of them is to be checked, as a trainer reads it, or as CSV."""

from collections.abc import Iterable, Iterator
from datetime import date

from curricula.model import LANGUAGES, Track
from curricula.report import Fact, ModuleReport, facts, module_report
from lms.csv_files import Cell, csv_text

_WORDS = {
    "fr": {
        "module": "module", "title": "titre", "lessons": "leçons", "words": "mots", "minutes": "minutes",
        "counted": "comptées", "workshop": "atelier", "questions": "questions", "difficulty": "difficulté",
        "types": "types", "sources": "sources", "mark": "marque", "oldest": "plus ancienne vérification",
        "none": "aucune", "kind": "nature", "key": "clé", "checked": "vérifié le", "age": "jours", "used": "sert à",
        "law": "droit", "source": "source", "reading": "lecture", "track": "parcours",
        "answers": "répond à", "recommendations": "recommandations", "legal": "textes",
        "W": "livre blanc", "V": "vu dans une source publique", "M": "à vérifier",
        "total": "{modules} modules, {lessons} leçons, {questions} questions ; {check} faits à vérifier.",
    },
    "en": {
        "module": "module", "title": "title", "lessons": "lessons", "words": "words", "minutes": "minutes",
        "counted": "counted", "workshop": "workshop", "questions": "questions", "difficulty": "difficulty",
        "types": "types", "sources": "sources", "mark": "mark", "oldest": "oldest check", "none": "none",
        "kind": "kind", "key": "key", "checked": "checked on", "age": "days", "used": "used by",
        "law": "law", "source": "source", "reading": "reading", "track": "track",
        "answers": "answers", "recommendations": "recommendations", "legal": "texts",
        "W": "white paper", "V": "seen in a public source", "M": "to be checked",
        "total": "{modules} modules, {lessons} lessons, {questions} questions; {check} facts to check.",
    },
}  # fmt: skip
_DIFFICULTIES = (1, 2, 3)


def modules_text(track: Track, language: str, today: date) -> Iterator[str]:
    """The modules of a track in figures, one line a fact."""
    words = _WORDS[language]
    yield f"{track.key} {track.version}  {track.title[language]}"
    found = [module_report(module) for module in track.published_modules]
    for each in found:
        yield ""
        yield from (line.rstrip() for line in _module_text(each, language))
    yield ""
    yield words["total"].format(
        modules=len(found), lessons=sum(len(each.module.lessons) for each in found),
        questions=sum(len(each.module.questions) for each in found),
        check=sum(fact.mark == "M" for fact in facts(track, today)),
    )  # fmt: skip


def _module_text(each: ModuleReport, language: str) -> Iterator[str]:
    words, module = _WORDS[language], each.module
    yield f"{module.code}  {module.title[language]}"
    counts = ", ".join(f"{each.words[known]} ({known})" for known in LANGUAGES)
    yield f"   {words['lessons']} {len(module.lessons)}; {words['words']} {counts}"
    recommended = ", ".join(map(str, module.recommendations)) or "–"
    law = ", ".join(module.legal)
    yield f"   {words['answers']}: {words['recommendations']} {recommended}; {words['legal']} {law}"
    workshop = f", {words['workshop']} {module.workshop_minutes}" if module.workshop_minutes else ""
    yield f"   {words['minutes']} {module.duration_minutes} ({words['counted']} {each.counted_minutes}{workshop})"
    kinds = ", ".join(f"{kind} {count}" for kind, count in each.types.most_common())
    yield f"   {words['questions']} {len(module.questions)}: {kinds}"
    for objective in module.objectives:
        asked = each.questions[objective.key]
        spread = "/".join(str(asked[level]) for level in _DIFFICULTIES)
        yield f"      {objective.key:<8} {words['difficulty']} 1/2/3: {spread}  {objective.text[language]}"
    marks = ", ".join(f"{words[mark]} {each.marks[mark]}" for mark in ("W", "V", "M"))
    oldest = each.oldest or words["none"]
    yield f"   {words['sources']} {each.marks.total()}: {marks}; {words['oldest']}: {oldest}"


def modules_csv(tracks: Iterable[Track], language: str) -> str:
    """The same as a table: a line for each objective of each module."""
    words = _WORDS[language]
    heads = [
        *(words[name] for name in ("track", "module", "title", "lessons")),
        *(f"{words['words']} {known}" for known in LANGUAGES),
        *(words[name] for name in ("minutes", "counted", "workshop", "recommendations", "legal")), "objective",
        *(f"{words['questions']} {words['difficulty']} {level}" for level in _DIFFICULTIES), words["oldest"],
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            track.key, each.module.code, each.module.title[language], len(each.module.lessons),
            *(each.words[known] for known in LANGUAGES), each.module.duration_minutes, each.counted_minutes,
            each.module.workshop_minutes, " ".join(map(str, each.module.recommendations)), " ".join(each.module.legal),
            objective, *(asked[level] for level in _DIFFICULTIES), each.oldest or "",
        ]
        for track in tracks
        for each in map(module_report, track.published_modules)
        for objective, asked in each.questions.items()
    ]  # fmt: skip
    return csv_text(heads, rows)


def facts_text(track: Track, language: str, today: date) -> Iterator[str]:
    """Where the facts of a track stand, those to check first: one line each."""
    yield f"{track.key} {track.version}  {track.title[language]}"
    for fact in facts(track, today):
        yield f"   [{fact.mark}] {_said(fact, language)}"


def _said(fact: Fact, language: str) -> str:
    words = _WORDS[language]
    checked = f"{words['checked']} {fact.checked_on}, {fact.age} {words['age']}" if fact.checked_on else words["M"]
    used = f"; {words['used']} {', '.join(fact.used)}" if fact.used else ""
    where = f"{fact.module} " if fact.module else ""
    return f"{where}{words[fact.kind]} {fact.key}: {fact.title[language]} ({checked}{used})"


def facts_csv(tracks: Iterable[Track], language: str, today: date) -> str:
    """The same as a table."""
    words = _WORDS[language]
    names = ("track", "module", "kind", "key", "title", "mark", "checked", "age", "used")
    rows: list[list[Cell]] = [
        [
            track.key, fact.module, words[fact.kind], fact.key, fact.title[language], words[fact.mark],
            fact.checked_on, fact.age, " ".join(fact.used),
        ]
        for track in tracks
        for fact in facts(track, today)
    ]  # fmt: skip
    return csv_text([words[name] for name in names], rows)
