"""What must come before what in a track: required modules, branches after the common core."""

from collections.abc import Iterator, Mapping

from curricula.folder import Folder
from curricula.model import Module, Track
from curricula.problems import N_, Place, Problem


def check_graph(track: Track, folder: Folder) -> Iterator[Problem]:
    """Required modules that cannot be passed first, and branches that are not there."""
    yield from _track(track, folder.place("track.toml"))
    for module in track.modules:
        yield from _module(track, module, folder.place(f"{module.key}/module.toml"))
    for loop in loops({module.key: module.requires for module in track.modules}):
        place = folder.place(f"{loop[0]}/module.toml")
        what, fix = N_("These modules wait for one another: %(loop)s."), N_("Remove one of these requirements.")
        yield place.problem(place.line_of(r"^requires"), what, fix, loop=" → ".join(loop))


def _track(track: Track, place: Place) -> Iterator[Problem]:
    if track.key in track.requires:
        yield place.problem(place.line_of(r"^requires"), N_("The track requires itself."), N_("Name other tracks."))
    rule = track.certificate
    if rule and rule.branches > len(track.branches):
        what = N_("The certificate asks for %(asked)s branches; the track has %(count)s.")
        fix = N_("Ask for fewer, or add [[branches]].")
        line = place.line_of(r"^branches")
        yield place.problem(line, what, fix, asked=rule.branches, count=len(track.branches))


def _module(track: Track, module: Module, place: Place) -> Iterator[Problem]:
    if module.branch is not None and track.branch(module.branch) is None:
        what, fix = N_("The branch « %(key)s » is not in track.toml."), N_("Add it under [[branches]].")
        yield place.problem(place.line_of(r"^branch\b"), what, fix, key=module.branch)
    line = place.line_of(r"^requires")
    for key in module.requires:
        needed = track.module(key)
        if needed is None:
            what, fix = N_("« %(key)s » is not a module of this track."), N_("Name modules of the track.")
            yield place.problem(line, what, fix, key=key)
        elif module.published and not needed.published:
            what = N_("« %(key)s » is only announced: nobody could pass it first.")
            yield place.problem(line, what, N_("Name published modules only."), key=key)
        elif needed.branch not in (None, module.branch):
            what = N_("« %(key)s » is in the branch « %(branch)s », which not everyone follows.")
            fix = N_("Name modules of the common core, or of the same branch.")
            yield place.problem(line, what, fix, key=key, branch=needed.branch)


def loops(requires: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """The loops of a graph, each said once and whole: « d1, d2, d1 ». One that asks for itself is « d1, d1 »."""
    told = set[str]()
    for start in requires:
        loop = _way_back(start, requires)
        if loop and told.isdisjoint(loop):
            told.update(loop)
            yield loop


def _way_back(start: str, requires: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The shortest way from a key to itself, both ends named; empty where there is none."""
    ways, seen = [[start]], set[str]()
    for way in ways:
        for key in requires.get(way[-1], ()):
            if key == start:
                return [*way, key]
            if key not in seen:
                seen.add(key)
                ways.append([*way, key])
    return []
