"""Habits of real platforms, and services not every platform has: switches of a running LMS."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


def _habit(default: Any, label: str) -> Any:
    """A switch with the French words of the settings page."""
    return field(default=default, metadata={"label": label})


@dataclass(frozen=True, slots=True)
class Quirks:
    """Each is off by default; a running LMS may swap its set (``Campus.quirks``)."""

    #: Moodle: a GET whose Accept, or a write whose Content-Type, is not the exact media type gets 400.
    strict_media_types: bool = _habit(False, "Types de média exacts exigés (Moodle)")
    #: Moodle: service URLs end in ``?type_id=1``, so ``/scores`` goes before the query.
    type_id_in_urls: bool = _habit(False, "type_id dans les adresses des services (Moodle)")
    #: Moodle: Link headers carry ``rel=“next”`` in UTF-8 and ``&amp;`` between parameters.
    curly_links: bool = _habit(False, "Guillemets courbes dans l'en-tête Link (Moodle)")
    #: Moodle: a score without scoreGiven, or not FullyGraded, clears the grade instead of keeping it.
    clear_without_score_given: bool = _habit(False, "Un score sans valeur efface la note (Moodle)")
    #: Moodle: timestamps are compared by whole seconds, so two scores of the same second conflict.
    whole_second_timestamps: bool = _habit(False, "Horodatages comparés à la seconde (Moodle)")
    #: Moodle: Results leave out a grade of zero.
    results_omit_zero: bool = _habit(False, "Les résultats omettent la note 0 (Moodle)")
    #: Moodle: rosters say « Instructor » and ``v2/person#Administrator`` where launches give whole addresses.
    short_roles: bool = _habit(False, "Rôles abrégés dans la liste des membres (Moodle)")
    #: Moodle: the token answer is JSON labelled text/html.
    token_as_html: bool = _habit(False, "Réponse de jeton annoncée comme text/html (Moodle)")
    #: Moodle: a tool awaiting its activation is neither launched nor given tokens.
    pending: bool = _habit(False, "Outil en attente d'activation (Moodle)")
    #: Moodle: the booleans of deep linking settings are the words "true" and "false".
    string_booleans: bool = _habit(False, "Booléens en toutes lettres dans la sélection de contenu (Moodle)")
    #: Moodle: a deep linking request carries no ``data``.
    no_deep_linking_data: bool = _habit(False, "Sélection de contenu sans « data » (Moodle)")
    #: Moodle: custom parameters are kept as lines, so a line break in a value makes another parameter.
    custom_by_lines: bool = _habit(False, "Paramètres personnalisés gardés ligne à ligne (Moodle)")
    #: Canvas and others: the answer to a registration leaves the deployment to be typed in.
    no_deployment_in_registration: bool = _habit(False, "Inscription sans deployment_id dans la réponse")
    #: The gradebook opens a learner's submission in its tool (Submission Review 1.0).
    submission_review: bool = _habit(False, "Revoir un travail depuis le carnet de notes")
    #: Administrators open what a tool holds about someone (data-privacy launch).
    data_privacy: bool = _habit(False, "Demander à un outil les données d'une personne")
    #: Tools hear of copied courses (Platform Notification Service 1.0).
    notices: bool = _habit(False, "Avis envoyés aux outils, dont la copie d'un cours")
    #: Open edX: a score that comes too late gets 400 where AGS says 409.
    stale_is_400: bool = _habit(False, "Score trop ancien refusé par 400 (Open edX)")
    #: Open edX, programmatic mode: launches name no column, and none exists until the tool makes one.
    no_line_item_claim: bool = _habit(False, "Aucune colonne avant que l'outil n'en crée une (Open edX)")
    #: Open edX, and Moodle unless asked: no name and no e-mail in launches and rosters.
    names_withheld: bool = _habit(False, "Noms et adresses non transmis")
    #: Apache in front of a platform: Authorization never arrives, so every service door answers 401.
    strip_authorization: bool = _habit(False, "En-tête Authorization perdu en chemin (Apache)")
    #: Every door answers 503.
    down: bool = _habit(False, "Plateforme en panne (503)")
    #: Errors of machine doors are HTML pages, as a proxy in front of an LMS makes them.
    html_errors: bool = _habit(False, "Erreurs des services en pages HTML")
    #: Hostile: the roster's pages point to another host.
    broken_next: bool = _habit(False, "Page suivante sur un autre hôte (hostile)")
    #: Hostile: the roster's pages point to themselves.
    looping_next: bool = _habit(False, "Page suivante en boucle (hostile)")
    #: Every answer waits this long first.
    slow_seconds: float = _habit(0.0, "Attente avant chaque réponse, en secondes")
    #: The next answers of service doors that are 429 with ``Retry-After: 1``; the campus counts them down.
    rate_limited: int = _habit(0, "Prochaines réponses des services refusées par 429")
    #: How far the platform's clock is from ours: messages, assertions and the Date header.
    clock_skew_seconds: int = _habit(0, "Décalage de l'horloge, en secondes")
    #: How long an access token lives.
    token_seconds: int = _habit(3600, "Durée de vie des jetons d'accès, en secondes")
    #: Open edX: the most members a page of the roster holds, even when no limit is asked for.
    page_size: int = _habit(0, "Membres par page au plus (0 : sans limite)")
    #: Canvas and others: tools may keep values in the page around them, ``_parent``, or in a frame of that name.
    platform_storage: str = _habit("", "Stockage par messages : _parent, ou le nom d'un cadre (vide : aucun)")
    #: When given, only these scopes are granted and the others are dropped silently, as by a Moodle setting.
    granted_scopes: tuple[str, ...] | None = _habit(None, "Portées accordées, séparées par des espaces (vide : toutes)")

    def changed_by(self, form: Mapping[str, str]) -> Self:
        """The set a posted settings form describes; ``ValueError`` if a number is none."""
        return type(self)(**{each.name: _read(each.default, form.get(each.name, "")) for each in fields(self)})


def _read(default: Any, text: str) -> Any:
    if isinstance(default, bool):
        return bool(text)
    if default is None:
        return tuple(text.split()) or None
    if isinstance(default, str):
        return text.strip()
    number = type(default)(text or 0)
    if not math.isfinite(number):
        raise ValueError(f"Not a number: {text}")
    return number
