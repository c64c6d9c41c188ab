"""Archives of tracks as people send them."""

import io
import zipfile
from collections.abc import Mapping

from curricula.folder import Folder
from tests.tracks_in_test import FOLDER as TRACKS

TRACK_FILE = Folder.read(TRACKS / "decideurs").files["track.toml"]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of those files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
