"""The files of settings, in TOML, that ``LMS_CONFIG`` names: one for every process, another for some alone."""

import os
from pathlib import Path
from typing import Any

import tomli


def named(files: str) -> list[str]:
    """The paths of that value of ``LMS_CONFIG``, which separates them as ``PATH`` separates folders."""
    return [path for path in files.split(os.pathsep) if path]


def from_files(files: str, problems: list[str]) -> dict[str, Any]:
    """What those files say, by name; what a later one says wins. Adds why one cannot be read to ``problems``."""
    return {name: value for path in named(files) for name, value in _file(path, problems).items()}


def _file(path: str, problems: list[str]) -> dict[str, Any]:
    try:
        return tomli.loads(Path(path).read_text("utf-8"))
    except OSError:
        problems.append(f"LMS_CONFIG names {path}, which cannot be read.")
    except (ValueError, RecursionError) as error:
        problems.append(f"{path} is not TOML: {error}.")
    return {}
