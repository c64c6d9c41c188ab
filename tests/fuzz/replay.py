"""One content again: ``python -m tests.fuzz.replay TARGET FILE`` shows what comes out of it."""

import sys
from pathlib import Path

from tests.fuzz.table import targets


def main(name: str, path: str) -> None:
    """Feed the file to the target; a refusal is said, anything else goes out as it comes."""
    target = targets()[name]
    try:
        print(target.feed(Path(path).read_bytes()))
    except target.refusals as refusal:
        print(f"refused: {refusal!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
