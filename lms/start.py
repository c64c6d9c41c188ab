"""Starts the ``lms`` command, and the web processes that it starts, which import this again.

Nothing of what they import is ever garbage, and looking for some would take a third of the time they take to start:
collections begin once all is imported (:func:`lms.cli.begin_collections`).
"""

import gc

gc.disable()


def main() -> None:
    """Entry point of the ``lms`` command."""
    from lms.cli import main as command  # once nothing is collected

    command()
