"""What ``pyproject.toml`` says of the supply chain."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: The project itself, as packages name it.
OURSELVES = "manager-public-ia"


def tool(name: str) -> dict[str, Any]:
    """The table ``[tool.<name>]``; ``KeyError`` when there is none."""
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][name]
    return found
