"""What is kept of a person, in words: what, why, on which basis, until when, where it comes from, who corrects it."""

from typing import Any

from flask import url_for

from lms.config import Config
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import Person


def what_words() -> dict[str, str]:
    """What each rule of retention takes (``lms.services.retention.RULES``)."""
    return {
        "attempts": _("Answers of assessments"), "abandoned": _("Assessments begun and never handed in"),
        "practice": _("Rounds of practice"), "placements": _("Answers of placement tests"),
        "completions": _("Tracks followed"), "certificates": _("Certificates no longer valid"),
        "people": _("People of whom nothing else is kept"), "agents": _("Agents who left"),
        "journal": _("Lines of the journal"), "exports": _("Exports of human resources"),
        "requests": _("Requests to be erased, answered"), "jobs": _("Deliveries made"),
        "changes": _("What undoing files of human resources needs"),
        "files": _("Files of human resources, with what became of each row"),
    }  # fmt: skip


def setting_words(config: Config) -> list[dict[str, str]]:
    """The settings of retention, with what each governs and its value."""
    said = {
        "keep_attempts_days": _(
            "What was answered in assessments, practice and placement tests, after the last result"
        ),
        "keep_completions_days": _(
            "Tracks followed with their results, after the last activity; people and agents then"
        ),
        "keep_certificates_after_days": _("Certificates, after the end of their validity"),
        "keep_journal_days": _("The journal, exports asked for, requests to be erased"),
        "keep_changes_days": _("Files of human resources, row by row, and what undoing them needs"),
        "keep_jobs_days": _("Deliveries made to platforms and other programs"),
    }
    return [
        {"setting": f"LMS_{name.upper()}", "what": words, "days": days(getattr(config, name))}
        for name, words in said.items()
    ]


def days(count: int) -> str:
    """A length of time: whole years where it is so."""
    if count % 365 == 0:
        return ngettext("one year", "%(num)s years", count // 365)
    return ngettext("one day", "%(num)s days", count)


def kept(config: Config, data: dict[str, Any]) -> list[dict[str, Any]]:
    """What is kept of a person, one entry a sort of data, from what ``privacy.taken_out`` gives."""
    to_trainers, proof = _("To show trainers their learners"), _("To prove what was done, and to find abuse")
    mission = _("Public-interest mission (RGPD, art. 6(1)(e))")
    platform, here, hr = _("Your training platform"), _("What you do here"), _("Human resources of your institution")
    account = data["account"]
    attempts, completions = days(config.keep_attempts_days), days(config.keep_completions_days)
    rows: list[tuple[Any, ...]] = [
        (_("Identity: name, identifier, address"), 1, _("To know whose progress and certificates these are"), mission,
         _("%(time)s after nothing else is kept of you", time=completions),
         _("An administrator of this service") if account else platform),
        (_("Courses and groups"), len(data["courses"]) + len(data["groups"]), to_trainers, mission,
         _("As long as your identity"), platform),
        (_("Tracks followed, lessons read, results"), len(data["enrolments"]),
         _("To resume where you were, and to know who is trained"), mission,
         _("%(time)s after your last activity", time=completions), here),
        (_("Answers, files handed in, remarks on them"), len(data["answers"]) + len(data["files"]),
         _("To mark, to explain the result, to judge an appeal"), mission,
         _("%(time)s after the last result", time=attempts), here),
        (_("Scores sent to the platform"), len(data["scores_sent"]), _("To fill its gradebook"), mission,
         _("As long as your identity"), here),
        (_("Certificates, with what was decided about them"), len(data["certificates"]),
         _("To let anyone verify them"), mission,
         _("%(time)s after the end of their validity; without end, as long as they can be verified",
           time=days(config.keep_certificates_after_days)), here),
        (_("Accommodations, never their reason"), len(data["accommodation"]), _("To apply them to assessments"),
         mission, _("As long as your identity"), _("Your trainers")),
        (_("What human resources declare: unit, grade"), len(data["human_resources"]),
         _("To count trained agents"), mission,
         _("%(time)s after you left", time=completions), hr),
        (_("Journal: what you did, when"), len(data["journal"]), proof, mission,
         days(config.keep_journal_days), here),
        (_("Open sessions"), len(data["sessions"]), _("To keep you signed in"), mission,
         _("At most %(minutes)s minutes", minutes=config.session_minutes), here),
    ]  # fmt: skip
    names = ("what", "count", "why", "basis", "until", "source")
    return [dict(zip(names, row, strict=True)) for row in rows]


def corrections(person: Person) -> list[dict[str, str | None]]:
    """What can be put right, where, and by whom."""
    where = (
        _("On your training platform: %(name)s. It is corrected here at your next visit.", name=person.platform.name)
        if person.platform
        else _("Ask an administrator of this service.")
    )
    here = _("Here, by yourself.")
    return [
        {"what": _("Name and address"), "where": where, "url": None},
        {"what": _("Name to print on certificates to come"), "where": here, "url": url_for("certificates.name")},
        {
            "what": _("Name on a certificate already issued"),
            "where": _("On the page of the certificate; a trainer or an administrator answers."),
            "url": url_for("certificates.index"),
        },
        {"what": _("Language, size and spacing of the text"), "where": here, "url": url_for("account.settings")},
        {
            "what": _("Identifier of agent, unit, grade"),
            "where": _("Ask your human resources: their files are read here as they are."),
            "url": None,
        },
        {"what": _("Accommodations"), "where": _("Ask your trainer."), "url": None},
        {
            "what": _("A result"),
            "where": _("On its page, by an appeal; a trainer who did not mark it answers."),
            "url": None,
        },
    ]
