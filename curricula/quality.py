"""What would make a track better, or keeps it from being published: read by its authors before anyone learns with it.

``curricula.validate`` says what cannot be read at all; here a track is read, and judged.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from curricula.bank_quality import bank_findings
from curricula.durations import module_minutes
from curricula.files import MOST_MEGAPIXELS, TOO_MANY_PIXELS, too_many_pixels
from curricula.finding import WEIGHTS, Finding, finding
from curricula.lesson_quality import lesson_findings, paper_findings
from curricula.links import links, well_formed
from curricula.model import LANGUAGES, LegalReference, Module, Source, Track
from curricula.problems import N_
from curricula.references import references
from curricula.render import FILES, TERM

#: How old a check may be, in days, before the fact must be looked at again.
FRESH_DAYS = 365
#: How many lessons a module has, and how many words they read together in each language.
LESSONS, WORDS = range(4, 7), range(2_500, 4_001)
#: How far from what is counted the declared duration may be, as a share of it.
FAR = Fraction(1, 10)
#: The types of works that are made over weeks: a learner, a trainer and a jury are guided through them.
ACCOMPANIED = {"project", "portfolio"}


def findings(track: Track, today: date) -> list[Finding]:
    """Everything found in a track, what is blocking first, each in reading order."""
    found = [each for module in track.published_modules for each in _module(module, today)]
    found += [each for reference in track.legal for each in _source(("legal", reference.key), reference, today)]
    found += [*_awards(track), *_framework(track), *_unused(track), *_links(track)]
    return sorted(found, key=lambda each: WEIGHTS.index(each.weight))


def _awards(track: Track) -> Iterator[Finding]:
    for branch in track.branches:
        if not any(module.branch == branch.key for module in track.modules):
            yield finding(("branch", branch.key), "blocking", N_("No module belongs to this branch."))
    rule = track.certificate
    if rule and rule.branches > len(track.open_branches):
        message = N_("The certificate asks for more branches than can be followed: nobody would earn it.")
        yield finding(("certificate", "branches"), "blocking", message)
    yield from _out_of_reach(track)

    label = track.label
    if label and label.refresher and label.valid_months is None:
        yield finding(("label", "refresher"), "advice", N_("The label has no end: nobody needs to renew it."))


def _out_of_reach(track: Track) -> Iterator[Finding]:
    """Modules of which an award asks for more than passing them: one that is passed is not taken again."""
    for where, keys, threshold in _asked(track):
        for key in dict.fromkeys(keys):
            module = track.module(key.removeprefix(f"{track.key}/"))
            if module is not None and module.quiz is not None and module.quiz.threshold < threshold:
                message = N_("%(asked)s out of 100 are asked for in « %(key)s », which is passed with %(passed)s.")
                fix = N_("Whoever passes it with less could never earn the award: ask for the same score in both.")
                asked, passed = int(threshold * 100), int(module.quiz.threshold * 100)
                yield finding((*where, "threshold"), "blocking", message, fix, asked=asked, key=key, passed=passed)


def _asked(track: Track) -> Iterator[tuple[tuple[str, ...], Sequence[str], Fraction]]:
    """Where awards ask for modules of the track, which ones, and the score to reach in each."""
    rule, label = track.certificate, track.label
    if rule is not None:
        branches = track.open_branches if rule.branches else ()
        followed = [module.key for branch in branches for module in track.in_branch(branch.key)]
        yield ("certificate",), [*rule.modules, *followed], rule.threshold
    if label is not None:
        again = label.refresher.modules if label.refresher else ()
        yield ("label",), [*label.modules, *again], label.threshold
        for number, way in enumerate(label.one_of, start=1):
            threshold = label.threshold if way.threshold is None else way.threshold
            yield ("label", "one_of", str(number)), way.modules, threshold


def _framework(track: Track) -> Iterator[Finding]:
    worked = {objective.competency for module in track.modules for objective in module.objectives}
    for competency in track.framework.competencies if track.framework else ():
        if competency.key not in worked:
            where = ("framework", competency.key)
            yield finding(where, "advice", N_("No objective works towards this competency."))


def _unused(track: Track) -> Iterator[Finding]:
    terms = set[str]()
    for module in track.modules:
        bodies = [text.body for lesson in module.lessons for text in lesson.texts.values()]
        bodies += [text.body for paper in module.papers for text in paper.texts.values()]
        named = {reference.target for body in bodies for reference in references(body)}
        terms |= named
        for file in module.files:
            if FILES + file.name not in named:
                yield finding((module.key, "file", file.name), "advice", N_("No lesson shows this image."))
    for term in track.glossary:
        if TERM + term.key not in terms:
            yield finding(("glossary", term.key), "advice", N_("No lesson uses this term."))


def _module(module: Module, today: date) -> Iterator[Finding]:
    here = (module.key,)
    yield from _size(module)
    yield from _duration(module)
    for name, sources in (("source", module.sources), ("reading", module.reading)):
        for source in sources:
            yield from _source((*here, name, source.key), source, today)
    yield from _papers(module)
    for file in module.files:
        if too_many_pixels(file.content):
            yield finding((*here, "file", file.name), "blocking", *TOO_MANY_PIXELS, most=MOST_MEGAPIXELS)
    for lesson in module.lessons:
        yield from lesson_findings(here, lesson)
    yield from bank_findings(module)


def _size(module: Module) -> Iterator[Finding]:
    here = (module.key,)
    if len(module.lessons) not in LESSONS:
        message = N_("The module has %(count)s lessons; %(least)s to %(most)s make an hour or two of it.")
        yield finding(here, "advice", message, count=len(module.lessons), least=LESSONS[0], most=LESSONS[-1])
    for language in LANGUAGES:
        words = sum(lesson.texts[language].words for lesson in module.lessons if language in lesson.texts)
        if words not in WORDS:
            message = N_("Its lessons read %(count)s words; keep between %(least)s and %(most)s.")
            yield finding((*here, language), "advice", message, count=words, least=WORDS[0], most=WORDS[-1])
    if not module.legal:
        yield finding((*here, "legal"), "advice", N_("The module names no text of law."))
    used = {key for lesson in module.lessons for key in lesson.sources} | {each.source for each in module.questions}
    for source in module.sources:
        if source.key not in used:
            where = (*here, "source", source.key)
            yield finding(where, "advice", N_("No lesson and no question uses this source."))


def _duration(module: Module) -> Iterator[Finding]:
    counted = module_minutes(module)
    if abs(counted - module.duration_minutes) > module.duration_minutes * FAR:
        message = N_("Lessons, practice, assessment and workshop take %(counted)s minutes; %(declared)s are declared.")
        where = (module.key, "duration_minutes")
        yield finding(where, "advice", message, counted=counted, declared=module.duration_minutes)


def _papers(module: Module) -> Iterator[Finding]:
    here = (module.key,)
    asked = {"memo": N_("The module leaves no page to keep.")}
    if module.workshop_minutes:
        asked["session"] = N_("The module has a workshop and no plan of the session.")
    if any(question.type in ACCOMPANIED for question in module.questions):
        asked |= dict.fromkeys(("kit-learner", "kit-trainer", "kit-jury"), N_("The module asks for a work without it."))
    for kind, message in asked.items():
        if module.paper(kind) is None:
            yield finding((*here, "paper", kind), "advice", message)
    if not module.reading:
        yield finding((*here, "reading"), "advice", N_("The module names nothing to read further."))
    for paper in module.papers:
        yield from paper_findings(here, paper)


def _source(where: tuple[str, ...], source: Source | LegalReference, today: date) -> Iterator[Finding]:
    if source.mark == "M":
        yield finding(where, "reminder", N_("This source is still to be checked."))
    yield from _age(where, source.checked_on, today)


def _age(where: tuple[str, ...], checked_on: str | None, today: date) -> Iterator[Finding]:
    if checked_on and not fresh(checked_on, today):
        yield finding(where, "reminder", N_("Checked more than a year ago: %(on)s."), on=checked_on)


def _links(track: Track) -> Iterator[Finding]:
    """Addresses that cannot lead anywhere. Whether the others answer, « lms track links » asks on purpose."""
    for link in links(track):
        if not well_formed(link.url):
            yield finding(link.path, "advice", N_("This address leads nowhere: « %(url)s »."), url=link.url[:100])


def fresh(checked_on: str, today: date) -> bool:
    """Whether a check made then need not be made again yet."""
    return (today - first_day(checked_on)).days <= FRESH_DAYS


def first_day(iso: str) -> date:
    """The first day of an ISO year, month or day."""
    year, month, day = [*map(int, iso.split("-")), 1, 1][:3]
    return date(year, month, day)


def blocking(found: list[Finding]) -> list[Finding]:
    """What keeps a track from being published."""
    return [each for each in found if each.weight == "blocking"]


def refused_strictly(found: list[Finding]) -> list[Finding]:
    """What a track that is shipped may not have: all but the reminders, which time brings and nobody caused."""
    return [each for each in found if each.weight != "reminder"]
