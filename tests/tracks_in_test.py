"""The tracks that tests publish: small, and still when those of the release change (``tests/tracks``)."""

from functools import cache
from pathlib import Path

from curricula.load import load_track
from curricula.model import Track
from curricula.registry import discover

FOLDER = Path(__file__).with_name("tracks")


@cache
def fixed_tracks() -> dict[str, Track]:
    """Each by key, read once in the life of a process."""
    return {track.key: track for track in map(load_track, discover(FOLDER))}
