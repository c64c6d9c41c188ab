"""What becomes of a job, as whoever does it says it."""

from datetime import timedelta
from traceback import extract_tb

from lms.database_errors import FULL, trouble

#: Marks a message for extraction; whoever shows it translates it.
N_ = str


class TryLater(Exception):
    """The job cannot be done now. ``why`` is for the administrator; ``after`` overrides the backoff.

    ``why`` is a message to translate; a second line, if any, is a detail shown as it is. ``cause`` is the same as a
    short key. With ``counted`` False the wait is someone's decision, not a failure: it spends no try, and lasts as
    long as it must. ``everyone`` says that whatever is meant for the same platform must wait too.
    """

    def __init__(
        self, why: str, after: timedelta | None = None, *, cause: str = "", counted: bool = True, everyone: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.after, self.cause, self.counted, self.everyone = why, after, cause, counted, everyone

    def uncounted(self) -> "TryLater":
        """The same for a job that waits because of another one: it spends no try."""
        return TryLater(self.why, self.after, cause=self.cause, counted=False, everyone=self.everyone)


class GiveUp(Exception):
    """Trying again cannot help: an administrator must act first. Its text and ``cause`` are as above."""

    def __init__(self, why: str, *, cause: str = "") -> None:
        super().__init__(why)
        self.why, self.cause = why, cause


#: What became of a job: None when it is done.
Outcome = TryLater | GiveUp | None


def unexpected(error: Exception) -> TryLater:
    """The failure of a faulty job. The error's message is left out: it may quote a name or an answer."""
    met = trouble(error)
    if met == FULL:
        return TryLater(N_("No room is left on a disk. The delivery is tried again by itself."), cause="disk_full")
    if met is not None:
        return TryLater(
            N_("The database could not do its part. The delivery is tried again by itself."), cause="database"
        )
    where = extract_tb(error.__traceback__)[-1]
    why = N_("The delivery failed for a reason that was not expected.")
    return TryLater(f"{why}\n{type(error).__name__}, {where.filename}:{where.lineno}", cause="unexpected")
