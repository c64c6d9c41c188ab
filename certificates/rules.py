"""The rules of a track's awards, from what its authors wrote."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from certificates.award import Refresher, Rule
from certificates.needs import Accepted, Followed, Group, Holds, Need, Passed, SomeOf
from curricula.awards import CertificateRule, LabelRule, Way
from curricula.model import Module, Track


def rules(track: Track) -> Iterator[Rule]:
    """What a track leads to: its certificate, its label, a statement of attendance for each module."""
    if track.certificate is not None and track.certificate.modules:
        yield _certificate(track, track.certificate)
    if track.label is not None:
        yield from _label(track, track.label)
    if track.attendance:
        yield from (attendance(track, module) for module in track.published_modules if module.lessons)


def attendance(track: Track, module: Module) -> Rule:
    """The statement that a module was followed: every lesson read, whatever its assessment."""
    key = named(track, module.key)
    return Rule(
        key, "attendance", module.title, (Followed(key, tuple(lesson.key for lesson in module.lessons)),), Fraction(0)
    )


def named(track: Track, key: str) -> str:
    """A module as rules name it: « track/module »; one of another track is named so already."""
    return key if "/" in key else f"{track.key}/{key}"


def tracks_named(rule: Rule) -> frozenset[str]:
    """The tracks and awards that a rule looks at before a first issue: what happens elsewhere changes nothing to it."""
    return frozenset(_named(rule.needs)) | frozenset(
        _track(key) for key in (rule.refresher or Refresher({}, 0)).modules
    )


def _named(needs: tuple[Need, ...]) -> Iterator[str]:
    for need in needs:
        if isinstance(need, SomeOf):
            for group in need.groups:
                yield from _named(group.needs)
        elif isinstance(need, Holds):
            yield need.award
        elif isinstance(need, Passed | Followed | Accepted):
            yield _track(need.module)


def _track(module: str) -> str:
    return module.partition("/")[0]


def _certificate(track: Track, said: CertificateRule) -> Rule:
    needs: tuple[Need, ...] = _passed(track, said.modules, said.threshold)
    if said.branches:
        groups = (
            Group(branch.key, _passed(track, [part.key for part in track.in_branch(branch.key)], said.threshold))
            for branch in track.open_branches
        )
        needs = (*needs, SomeOf("branch", said.branches, tuple(groups)))
    again = _passed_again(track, said.modules) if said.valid_months else None
    return Rule(track.key, "certificate", said.title, needs, said.threshold, said.valid_months, again)


def _label(track: Track, said: LabelRule) -> Iterator[Rule]:
    """The rule of a label; none for one that asks for nothing yet, in a draft."""
    needs: tuple[Need, ...] = _passed(track, said.modules, said.threshold)
    ways = tuple(_way(track, said, way, number) for number, way in enumerate(said.one_of) if way.award or way.modules)
    if ways:
        needs = (*needs, SomeOf("way", 1, ways))
    if said.jury is not None:
        needs = (*needs, Accepted(named(track, said.jury.module), said.jury.members))
    again = _passed_again(track, said.modules) if said.valid_months else None
    if said.refresher is not None:
        again = Refresher(_durations(track, said.refresher.modules), said.refresher.minutes)
    if needs:
        yield Rule(said.key, "label", said.title, needs, said.threshold, said.valid_months, again)


def _passed_again(track: Track, modules: Sequence[str]) -> Refresher:
    """What renewing asks for where nothing else is said: each of the modules, near the end."""
    durations = _durations(track, modules)
    return Refresher(durations, sum(durations.values()), late=True)


def _durations(track: Track, modules: Sequence[str]) -> dict[str, int]:
    found = (module for key in modules if (module := track.module(key)) is not None)
    return {named(track, each.key): each.duration_minutes for each in found}


def _way(track: Track, said: LabelRule, way: Way, number: int) -> Group:
    threshold = said.threshold if way.threshold is None else way.threshold
    needs: tuple[Need, ...] = (Holds(way.award),) if way.award else _passed(track, way.modules, threshold)
    return Group(str(number), needs, way.mention)


def _passed(track: Track, modules: Sequence[str], threshold: Fraction) -> tuple[Passed, ...]:
    return tuple(Passed(named(track, key), threshold) for key in dict.fromkeys(modules))
