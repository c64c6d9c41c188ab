"""Starts the ``lms`` command, and the web processes it starts.

Nothing of what they import is ever garbage, and looking for some would take a fifth of the time they take to start:
collections begin once all is imported (:mod:`lms.cli`, :mod:`lms.cli.service`).
"""

import gc

gc.disable()

from lms.cli import main  # noqa: E402 - imported once nothing is collected

__all__ = ["main"]
