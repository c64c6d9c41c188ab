"""What can be done without when it is away: asked again after a while, and logged once each time that changes."""

import threading
import time

import structlog

log = structlog.get_logger()


class Presence:
    """Whether something is there, as this process last saw it; nobody waits for what was away a moment ago."""

    def __init__(self, name: str, again: float) -> None:
        """``name``: how logs call it (``cache``); ``again``: after how many seconds it is asked again."""
        self._name, self._again = name, again
        self._away_until: float | None = None
        self._lock = threading.Lock()

    @property
    def away(self) -> bool:
        """Whether it was away when last asked."""
        return self._away_until is not None

    def to_ask(self) -> bool:
        """Whether to ask it now: while it is away one caller tries, from time to time, and the others go on without."""
        if self._away_until is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._away_until is not None and now < self._away_until:
                return False
            self._away_until = now + self._again
            return True

    def answered(self) -> None:
        """It is there."""
        if self._away_until is None:
            return
        with self._lock:
            back, self._away_until = self._away_until is not None, None
        if back:
            log.info("back", what=self._name)

    def failed(self, cause: str) -> None:
        """It is away; ``cause`` is a short key for the logs, never a text of elsewhere."""
        with self._lock:
            new, self._away_until = self._away_until is None, time.monotonic() + self._again
        if new:
            log.warning("away", what=self._name, cause=cause)
