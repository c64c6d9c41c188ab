"""Runs processes under the guard of ``tests/guard``, and reads what it says of them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "guard"


@dataclass(frozen=True)
class Guard:
    """The guard of some processes: ``ports`` of this machine are all they may call. Give them ``environment``."""

    record: Path
    ports: tuple[int, ...]

    @property
    def environment(self) -> dict[str, str]:
        """What their environment must have."""
        root = str(FOLDER.parents[1])
        return {
            "PYTHONPATH": os.pathsep.join((str(FOLDER), root)), "GUARD_RECORD": str(self.record),
            "GUARD_PORTS": ",".join(map(str, self.ports)),
        }  # fmt: skip

    @property
    def refused(self) -> list[str]:
        """What went elsewhere, as « event asked »."""
        return [said for said, allowed in self._lines() if not allowed]

    @property
    def called(self) -> set[int]:
        """The ports that were called."""
        return {int(said.rpartition(":")[2]) for said, allowed in self._lines() if allowed and " " in said
                and said.startswith("socket.connect ")}  # fmt: skip

    def _lines(self) -> list[tuple[str, bool]]:
        if not self.record.exists():
            return []
        lines = map(json.loads, self.record.read_text().splitlines())
        return [(f"{line['event']} {line['asked']}", line["allowed"]) for line in lines]
