"""A folder with a track.toml is a track: nothing else has to be told."""

from pathlib import Path

from curricula.registry import SHIPPED, discover, shipped_tracks
from tests.curricula.samples import write_track


def test_tracks_are_found_by_their_folder(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for key in ("zebra", "agents"):
        write_track(tmp_path, key)
    assert [folder.name for folder in discover(tmp_path)] == ["agents", "zebra"]


def test_every_shipped_folder_is_offered_under_its_own_key() -> None:
    assert set(shipped_tracks()) == {folder.name for folder in SHIPPED.iterdir() if folder.is_dir()}
    assert "decideurs" in shipped_tracks()


def test_shipped_tracks_are_read_once() -> None:
    assert shipped_tracks() is shipped_tracks()
