"""What the service says of itself: accessibility, personal data, legal notices."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.pages import config, issuer_name
from lms.retention_pages import days

blueprint = Blueprint("about", __name__)


@blueprint.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    """The declaration of accessibility, « not compliant » until audited (loi 2005-102, art. 47; RGAA 4.1)."""
    return _page(
        _("Declaration of accessibility"),
        _("This service is not compliant with RGAA 4.1: no audit has been carried out yet."),
        (
            _("State of compliance"),
            _("Until an audit is published, the service declares itself not compliant, whatever its own tests say."),
            _("Each page is tested by keyboard and with automatic accessibility rules at every change."),
        ),
        (
            _("Contents that are not accessible"),
            _("The PDF of a certificate is not tagged. Its verification page is the accessible version."),
        ),
        (
            _("To report a difficulty"),
            _("Write to the person in charge of training at your institution: they owe you an answer."),
            _("Without an answer, you can turn to the Défenseur des droits."),
        ),
    )


@blueprint.get("/personal-data")
def privacy() -> ResponseReturnValue:
    """What is kept of a person, why and how long."""
    return _page(
        _("Personal data"),
        _("The service keeps what following a track, being assessed and holding a certificate need, and nothing else."),
        (
            _("What is kept"),
            _("Your identifier, and your name and address when your training platform sends them."),
            _("The lessons you read, your answers, your scores and your certificates."),
        ),
        (
            _("Who sees it"),
            _("Trainers see your progress, your scores, the mark of each question and your certificates."),
            _("Human resources see your progress, scores and certificates. Neither ever sees your answers."),
            _("Whoever holds the code of a certificate sees what is printed on it; its holder may mask the name."),
        ),
        (
            _("How long"),
            _("What you answered: %(time)s after the last result.", time=days(config().keep_attempts_days)),
            _("Tracks and results: %(time)s after your last activity.", time=days(config().keep_completions_days)),
            _(
                "Certificates, even once their holder is erased: %(time)s after the end of their validity.",
                time=days(config().keep_certificates_after_days),
            ),
            _("A certificate without end is kept as long as anyone can verify it."),
        ),
        (
            _("Your rights"),
            _("Once signed in, « My settings » leads to your data: a copy, corrections, a request to be erased."),
            _("To anyone else, write to: %(contact)s.", contact=config().privacy_contact)
            if config().privacy_contact
            else _("Write to the person in charge of training, or to the data protection officer of your institution."),
        ),
        (
            _("No third party"),
            _("No statistics service, no remote font, no artificial intelligence model receives anything."),
        ),
    )


@blueprint.get("/legal")
def legal() -> ResponseReturnValue:
    """Who publishes the service."""
    return _page(
        _("Legal notices"),
        _("This service is published by: %(name)s.", name=issuer_name()),
        (
            _("Software"),
            _("Manager Public IA is free software under the European Union Public Licence 1.2."),
        ),
    )


def _page(title: str, lead: str, *sections: tuple[str, ...]) -> str:
    return render_template(
        "about/text.html", title=title, lead=lead,
        sections=[{"title": head, "paragraphs": paragraphs} for head, *paragraphs in sections],
    )  # fmt: skip
