"""Build hook: compile the message catalogues so that the wheel carries them ready to use."""

import os
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Writes ``translations/<language>/LC_MESSAGES/messages.mo`` beside each ``messages.po``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue before files are collected, for wheels and editable installs alike."""
        del version, build_data
        for source in Path(self.root, "translations").glob("*/LC_MESSAGES/*.po"):
            # Under another name first: a service that runs here must not read half of it.
            part = source.with_suffix(f".{os.getpid()}.part")
            with source.open("rb") as po, part.open("wb") as mo:
                write_mo(mo, read_po(po, locale=source.parts[-3]))
            part.replace(source.with_suffix(".mo"))
