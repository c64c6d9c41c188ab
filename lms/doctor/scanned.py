"""The antivirus that examines what people send: there, with signatures of these days, taking what pages take."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, RawIOBase
from typing import cast

from lms import antivirus as protocol
from lms.antivirus import Antivirus
from lms.config import Config
from lms.doctor.finding import Finding
from lms.models import utcnow

#: Signatures older than this know nothing of what goes round: those of ClamAV change several times a day.
OLDEST = timedelta(days=7)


class Nothing(RawIOBase):
    """So many bytes of zeros, without holding them."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readinto(self, buffer: object) -> int:
        """As many as are asked for and left."""
        held = memoryview(cast("bytearray", buffer))
        count = min(len(held), self._left)
        held[:count] = bytes(count)
        self._left -= count
        return count


def antivirus(found: Antivirus | None, config: Config, largest: int) -> Iterator[Finding]:
    """Whether the antivirus answers, knows what goes round, finds the test file and takes ``largest`` bytes."""
    if found is None:
        said = "No antivirus (LMS_ANTIVIRUS_URL): files are told by their content, macros and scripts refused."
        yield Finding("antivirus", "ok", said)
        return
    where = config.antivirus_url.removeprefix("clamd://")
    try:
        name, dated = found.version()
    except OSError as error:
        yield Finding(
            "antivirus", "bad", f"The antivirus does not answer at {where}: {type(error).__name__}. Files are refused.",
            "Check LMS_ANTIVIRUS_URL, that clamd runs there (TCPSocket or LocalSocket of its clamd.conf) and may be "
            "reached from here; its first signatures must be there before it starts (freshclam).",
        )  # fmt: skip
        return
    problem = _problem(found, largest)
    if problem is not None:
        yield problem
    elif dated is None or utcnow() - dated > OLDEST:
        old = "it does not say of when" if dated is None else f"they are of {dated:%Y-%m-%d}"
        yield Finding(
            "antivirus", "warn", f"{name} examines files at {where}; its signatures may be old: {old}.",
            "Let freshclam run there, with a mirror of yours where it may not reach ClamAV's, and look at its log.",
        )  # fmt: skip
    else:
        yield Finding("antivirus", "ok", f"{name} examines files at {where}, signatures of {dated:%Y-%m-%d}.")


def _problem(found: Antivirus, largest: int) -> Finding | None:
    """What keeps it from protecting anybody."""
    seen = found.scan(BytesIO(protocol.HARMLESS)).outcome
    if seen != "infected":
        return Finding(
            "antivirus", "bad", f"The antivirus does not recognise the file made to test antiviruses (EICAR): {seen}.",
            "Give clamd the signatures of ClamAV (freshclam, DatabaseDirectory), then restart it.",
        )  # fmt: skip
    taken = found.scan(cast("BytesIO", Nothing(largest))).outcome
    if taken != "clean":
        return Finding(
            "antivirus", "bad", f"The antivirus does not take {largest} bytes, which pages do: {taken}.",
            f"In clamd.conf, let StreamMaxLength, MaxFileSize and MaxScanSize be {largest // 1_000_000 + 1}M or more.",
        )  # fmt: skip
    return None
