"""A track's folder as a value: its files by path, wherever they come from (a disk, an archive, a database)."""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from curricula.problems import N_, CurriculumError, Place, Problem

#: When every file of an archive was written, so that its bytes say the content alone.
_ALWAYS = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Folder:
    """``files`` are contents by path from the folder, ``/`` between names; ``name`` is the folder's own."""

    name: str
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, path: Path) -> "Folder":
        """The folder of a disk, hidden files and folders left out. ``OSError`` where it cannot be read."""
        path = path.resolve()  # « . » has a name too
        found = sorted(each for each in path.rglob("*") if each.is_file())
        inside = ((each.relative_to(path), each) for each in found)
        return cls(
            path.name,
            {
                relative.as_posix(): each.read_bytes()
                for relative, each in inside
                if not any(part.startswith(".") for part in relative.parts)
            },
        )

    def write(self, into: Path) -> Path:
        """Write the folder inside ``into``, all of it or nothing; gives where.

        ``FileExistsError`` where something has its name, another ``OSError`` where it cannot be written.
        """
        target = into / self.name
        target.mkdir(parents=True)
        try:
            for path, content in self.files.items():
                file = target / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        except OSError:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return target

    @property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the files, in name order; hexadecimal."""
        digest = hashlib.sha256()
        for path in sorted(self.files, key=PurePosixPath):
            name, content = path.encode(), self.files[path]
            digest.update(b"%d:%s%d:" % (len(name), name, len(content)))
            digest.update(content)
        return digest.hexdigest()

    def folders(self) -> list[str]:
        """The folders directly inside, in name order."""
        return sorted({path.split("/", 1)[0] for path in self.files if "/" in path})

    def names(self, folder: str, suffix: str) -> Iterator[str]:
        """The paths of the files directly in a folder that end so, in name order."""
        for path in sorted(self.files):
            if path.rpartition("/")[0] == folder and path.endswith(suffix):
                yield path

    def place(self, path: str) -> Place:
        """A file as text to read; ``CurriculumError`` where it is missing, or is no UTF-8 text."""
        name = f"{self.name}/{path}"
        if path not in self.files:
            raise CurriculumError([Problem(name, 0, N_("This file is missing."), N_("Create it (see the format)."))])
        return Place.of(name, self.files[path])

    def packed(self) -> bytes:
        """The folder as a ZIP archive, the same bytes for the same content."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(self.files):
                archive.writestr(
                    zipfile.ZipInfo(f"{self.name}/{path}", _ALWAYS), self.files[path], zipfile.ZIP_DEFLATED
                )
        return packed.getvalue()

    @classmethod
    def unpacked(cls, content: bytes) -> "Folder":
        """The folder of an archive that ``packed`` made."""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {each.partition("/")[2]: archive.read(each) for each in archive.namelist()}
            return cls(archive.namelist()[0].partition("/")[0], parts)
