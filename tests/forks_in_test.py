"""A track that tests adapt, and what its first authors publish afterwards."""

from dataclasses import replace

from curricula.model import Track
from curricula.pieces import lesson_path
from tests.tracks_in_test import fixed_tracks

KEY, OURS = "decideurs", "cadres"
SHIPPED = fixed_tracks()[KEY]
LESSON = lesson_path("d1", SHIPPED.modules[0].lessons[0].key, "fr")


def rewritten(track: Track, version: str, **bodies: str) -> Track:
    """A later revision in which lessons of d1 say something else in French."""
    first = track.modules[0]
    lessons = tuple(
        replace(each, texts={**each.texts, "fr": replace(each.texts["fr"], body=bodies[path])})
        if (path := f"at{number}") in bodies
        else each
        for number, each in enumerate(first.lessons)
    )
    return replace(track, version=version, modules=(replace(first, lessons=lessons), *track.modules[1:]))


def theirs(number: int = 0) -> str:
    """What the upstream says of a lesson: as long as it was, so that nothing blocks."""
    return SHIPPED.modules[0].lessons[number].texts["fr"].body + "\nDe leur part.\n"
