"""Finds the shipped tracks: each folder of ``curricula/tracks`` with a ``track.toml`` is one."""

from functools import cache
from pathlib import Path

from curricula.load import load_track
from curricula.model import Track

SHIPPED = Path(__file__).with_name("tracks")


def discover(root: Path = SHIPPED) -> list[Path]:
    """The track folders under ``root``, in name order."""
    return sorted(path.parent for path in root.glob("*/track.toml"))


@cache
def shipped_tracks() -> dict[str, Track]:
    """Every shipped track by key, read once in the life of a process."""
    return {track.key: track for track in map(load_track, discover())}
