"""What the AI-literacy register asks, as data: its eight parts, the kinds of entries, the fields of each.

The words are here in both languages because forms, pages, papers and files all say them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from curricula.model import Localized
from lms.models.agents import BRANCHES, CATEGORIES

#: ``line`` and ``text`` are words, ``day`` an ISO day, ``number`` a whole one, ``choice`` and ``ticks`` keys of
#: ``choices``, ``law`` and ``taught`` what ``literacy_sources`` draws from the tracks, ``unit`` and ``units`` codes,
#: ``agent`` and ``agents`` numbers, ``entry`` and ``entries`` other entries of the register (of kind ``of``),
#: ``file`` the name, size and SHA-256 of a file that is not kept.
FieldKind = Literal[
    "line", "text", "day", "number", "choice", "ticks", "address", "law", "taught", "unit", "units", "agent", "agents",
    "entry", "entries", "file",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One question of an entry."""

    key: str
    kind: FieldKind
    label: Localized
    needed: bool = False
    help: Localized = field(default_factory=dict)
    choices: Mapping[str, Localized] = field(default_factory=dict)
    #: The kind of the entries it names.
    of: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of entry: its part of the register, what one is called, what adding one is called, its fields.

    ``single``: there is one at most.
    """

    key: str
    part: int
    label: Localized
    add: Localized
    fields: tuple[Field, ...]
    single: bool = False

    def field(self, key: str) -> Field | None:
        """The field of that key, or None."""
        return next((each for each in self.fields if each.key == key), None)


def _both(french: str, english: str) -> Localized:
    return {"fr": french, "en": english}


PARTS: dict[int, Localized] = {
    1: _both("Organisation", "Organisation"),
    2: _both("Systèmes d’IA et contrôle humain", "AI systems and human oversight"),
    3: _both("Publics exposés", "Exposed groups"),
    4: _both("Mesures", "Measures"),
    5: _both("Éléments de preuve", "Evidence"),
    6: _both("Écarts", "Gaps"),
    7: _both("Revues et signature annuelle", "Reviews and yearly sign-off"),
    8: _both("Journal", "Journal"),
}

ROLES = {
    "deployer": _both("déployeur", "deployer"),
    "provider": _both("fournisseur", "provider"),
    "both": _both("fournisseur et déployeur", "provider and deployer"),
}
RISKS = {
    "unclassified": _both("à classer", "to be classified"),
    "minimal": _both("risque minimal", "minimal risk"),
    "transparency": _both("obligations de transparence", "transparency duties"),
    "high": _both("haut risque", "high risk"),
    "prohibited": _both("pratique interdite", "prohibited practice"),
}
WHO = {
    "agents": _both("agents publics, désignés par une règle", "civil servants, named by a rule"),
    "contractors": _both("prestataires, dits par leur nombre", "contractors, told by their number"),
}
REASONS = {
    "system": _both("nouveau système d’IA", "new AI system"),
    "law": _both("texte de droit modifié", "text of law changed"),
    "incident": _both("incident", "incident"),
    "yearly": _both("revue annuelle", "yearly review"),
    "other": _both("autre motif", "other reason"),
}

_LAW = Field("law", "law", _both("Référence de droit, datée", "Legal reference, dated"))
_LAW_WORDS = Field(
    "law_words", "line", _both("Autre référence de droit, avec sa date", "Other legal reference, with its date")
)
_NAME = Field("name", "line", _both("Nom", "Name"), needed=True)

_ORGANISATION = Kind(
    "organisation", 1, _both("Organisation", "Organisation"), _both("Décrire l’organisation", "Describe it"),
    (
        _NAME,
        Field("role", "choice", _both("Rôle au sens du règlement IA", "Role under the AI Act"), needed=True,
              choices=ROLES),
        Field("accountable", "line", _both("Fonction responsable", "Accountable function"), needed=True,
              help=_both("La fonction demeure quand la personne change.", "It stays when the person changes.")),
        Field("accountable_name", "line", _both("Personne qui l’exerce", "Person who holds it")),
        Field("contact", "line", _both("Contact", "Contact")),
        Field("policy", "text", _both("Politique de maîtrise de l’IA", "AI-literacy policy")),
        Field("policy_on", "day", _both("Adoptée le", "Adopted on")),
        Field("policy_at", "address", _both("Adresse du texte", "Address of the text")),
        _LAW, _LAW_WORDS,
    ),
    single=True,
)  # fmt: skip
_SYSTEM = Kind(
    "system", 2, _both("Système d’IA", "AI system"), _both("Ajouter un système d’IA", "Add an AI system"),
    (
        _NAME,
        Field("supplier", "line", _both("Fournisseur", "Supplier")),
        Field("purpose", "text", _both("Finalité", "Purpose"), needed=True),
        Field("unit", "unit", _both("Service utilisateur", "Unit that uses it")),
        Field("since", "day", _both("En service depuis le", "In use since")),
        Field("risk", "choice", _both("Classe de risque", "Risk class"), needed=True, choices=RISKS),
        Field("risk_on", "day", _both("Classé le", "Classified on")),
        _LAW, _LAW_WORDS,
        Field("persons", "text", _both("Personnes concernées", "Persons affected")),
        Field("dpia", "line", _both("Référence de l’AIPD", "DPIA reference")),
        Field("fria", "line", _both("Référence de l’analyse d’impact sur les droits fondamentaux", "FRIA reference")),
    ),
)  # fmt: skip
_OVERSEER = Kind(
    "overseer", 2, _both("Contrôle humain (art. 26, par. 2)", "Human oversight (art. 26(2))"),
    _both("Désigner une personne chargée du contrôle", "Name an overseer"),
    (
        Field("system", "entry", _both("Système d’IA", "AI system"), needed=True, of="system"),
        Field("agent", "agent", _both("Identifiant agent", "Agent number"), needed=True),
        Field("competence", "text", _both("Compétence", "Competence"), needed=True),
        Field("authority", "text", _both("Autorité : ce que la personne peut décider ou arrêter",
                                         "Authority: what they may decide or stop"), needed=True),
        Field("since", "day", _both("Depuis le", "Since")),
    ),
)  # fmt: skip
_GROUP = Kind(
    "group", 3, _both("Public exposé", "Exposed group"), _both("Ajouter un public exposé", "Add an exposed group"),
    (
        _NAME,
        Field("who", "choice", _both("De qui s’agit-il", "Who they are"), needed=True, choices=WHO),
        Field("systems", "entries", _both("Systèmes d’IA utilisés", "AI systems they use"), of="system"),
        Field("function", "line", _both("Fonction", "Function"), needed=True),
        Field("level", "text", _both("Niveau antérieur", "Prior level")),
        Field("context", "text", _both("Contexte d’usage", "Context of use")),
        Field("units", "units", _both("Services, avec tout ce qui en dépend", "Units, with all under them"),
              help=_both("Un code par ligne. Vide : tout le périmètre du registre.",
                         "One code a line. Empty: all that the register covers.")),
        Field("categories", "ticks", _both("Catégories", "Grades"),
              help=_both("Aucune cochée : toutes.", "None ticked: all of them."),
              choices={each: _both(each, {"contractuel": "contract staff", "non renseigné": "not told"}.get(each, each))
                       for each in CATEGORIES}),
        Field("branches", "ticks", _both("Versants", "Branches"),
              help=_both("Aucun coché : tous.", "None ticked: all of them."),
              choices={each: _both(each, each) for each in BRANCHES}),
        Field("corps", "text", _both("Corps ou emplois", "Corps or positions"),
              help=_both("Un par ligne, comme dans les fichiers RH. Vide : tous.",
                         "One a line, as HR files have them. Empty: all of them.")),
        Field("count", "number", _both("Nombre de prestataires", "Number of contractors")),
        Field("deadline", "day", _both("Former avant le", "To be trained by")),
    ),
)  # fmt: skip
_MEASURE = Kind(
    "measure", 4, _both("Mesure", "Measure"), _both("Ajouter une mesure", "Add a measure"),
    (
        _NAME,
        Field("taught", "taught", _both("Parcours ou module, dans sa version", "Track or module, in its version"),
              help=_both("Objectifs, durée, langues et textes de droit viennent de cette version.",
                         "Objectives, duration, languages and texts of law come from that version.")),
        Field("groups", "entries", _both("Publics visés", "Groups it is for"), of="group",
              help=_both("Aucun coché : tous.", "None ticked: all of them.")),
        Field("objectives", "text", _both("Objectifs", "Objectives"),
              help=_both("Pour une mesure qui n’est ni un parcours ni un module.",
                         "For a measure that is neither a track nor a module.")),
        Field("minutes", "number", _both("Durée en minutes", "Duration in minutes")),
        Field("language", "line", _both("Langue", "Language")),
        _LAW, _LAW_WORDS,
    ),
)  # fmt: skip
_PROOF = Kind(
    "proof", 5, _both("Autre élément de preuve", "Other evidence"),
    _both("Ajouter un élément de preuve", "Add evidence"),
    (
        _NAME,
        Field("measure", "entry", _both("Mesure", "Measure"), of="measure"),
        Field("done_on", "day", _both("Fait le", "Done on"), needed=True),
        Field("words", "text", _both("Description", "Description")),
        Field("agents", "agents", _both("Identifiants des agents présents", "Numbers of the agents who attended"),
              help=_both("Un par ligne. Chacun compte comme formé par cette mesure.",
                         "One a line. Each counts as trained by that measure.")),
        Field("count", "number", _both("Autres personnes présentes", "Others who attended")),
        Field("file", "file", _both("Document", "Document"),
              help=_both("Son empreinte seule est gardée : conservez le document.",
                         "Its digest alone is kept: keep the document.")),
    ),
)  # fmt: skip
_REMEDY = Kind(
    "remedy", 6, _both("Suite donnée pour un agent", "What is done for an agent"),
    _both("Dire la suite donnée pour un agent", "Say what is done for an agent"),
    (
        Field("agent", "agent", _both("Identifiant agent", "Agent number"), needed=True),
        Field("deadline", "day", _both("Former avant le", "To be trained by")),
        Field("exempt", "text", _both("Motif de dispense", "Reason of exemption"),
              help=_both("Un motif de service : ni santé, ni situation personnelle.",
                         "A reason of service: neither health nor private life.")),
        Field("remedy", "text", _both("Mesure corrective", "Remediation")),
    ),
)  # fmt: skip
_REVIEW = Kind(
    "review", 7, _both("Revue", "Review"), _both("Ouvrir une revue", "Open a review"),
    (
        Field("reason", "choice", _both("Motif", "Reason"), needed=True, choices=REASONS),
        Field("about", "text", _both("Objet", "What it is about"), needed=True),
        _LAW,
        Field("opened_on", "day", _both("Ouverte le", "Opened on"), needed=True),
        Field("due_on", "day", _both("À conclure avant le", "Due by")),
        Field("outcome", "text", _both("Conclusion", "Outcome")),
        Field("closed_on", "day", _both("Close le", "Closed on")),
    ),
)  # fmt: skip

#: Every kind of entry by key, in the order of the register.
KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (_ORGANISATION, _SYSTEM, _OVERSEER, _GROUP, _MEASURE, _PROOF, _REMEDY, _REVIEW)
}  # fmt: skip
