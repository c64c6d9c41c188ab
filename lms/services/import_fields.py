"""What files of HR may say of agents and of units: the columns, the names people give them, how a cell is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from lms import cells
from lms.cells import N_, CellRefused, Value, plain
from lms.i18n import ZONE
from lms.models.agents import BRANCHES, CATEGORIES
from lms.models.organisation import UNIT_KINDS

BRANCH_NAMES = {
    **{plain(branch): branch for branch in BRANCHES},
    "etat": "FPE",
    "fonction publique de l etat": "FPE",
    "territoriale": "FPT",
    "fonction publique territoriale": "FPT",
    "hospitaliere": "FPH",
    "fonction publique hospitaliere": "FPH",
}
CATEGORY_NAMES = {
    **{plain(category): category for category in CATEGORIES},
    **{f"categorie {letter}": letter.upper() for letter in "abc"},
    "contractuelle": "contractuel",
    "": "non renseigné",
}
KIND_NAMES = {
    **{kind: kind for kind in UNIT_KINDS},
    "versant": "branch", "ministere": "ministry", "operateur": "operator", "etablissement": "operator",
    "collectivite": "authority", "hopital": "hospital", "centre hospitalier": "hospital", "direction": "directorate",
    "sous direction": "directorate", "bureau": "service", "departement": "service", "autre": "other", "": "other",
}  # fmt: skip
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")

#: From a cell to what the database keeps. Raises ``CellRefused``.
Reader = Callable[[Value], Any]


@dataclass(frozen=True)
class Field:
    """A column a file may have: the heading the model gives it, in French, and others, without accents or case."""

    key: str
    heading: str
    others: tuple[str, ...]
    read: Reader
    required: bool = False

    def called(self, heading: str) -> bool:
        """Whether a heading is one of its names."""
        return heading in (plain(self.heading), *self.others)


def _text(length: int, *, required: bool = False, read: Callable[[Value], str] = cells.text) -> Reader:
    def checked(value: Value) -> str:
        words = read(value)
        if required and not words:
            raise CellRefused(N_("The cell is empty."), N_("Every row needs this information."))
        if len(words) > length:
            raise CellRefused(
                N_("The cell has %(count)s characters; %(limit)s are kept at most."),
                N_("Shorten it."),
                count=len(words),
                limit=length,
            )
        return words

    return checked


def _branch(value: Value) -> str:
    words = cells.text(value)
    branch = BRANCH_NAMES.get(plain(words))
    if branch is None:
        raise CellRefused(
            N_("« %(value)s » is not a branch of the civil service."), N_("Write FPE, FPT or FPH."), value=words[:50]
        )
    return branch


def _category(value: Value) -> str:
    words = cells.text(value)
    category = CATEGORY_NAMES.get(plain(words))
    if category is None:
        raise CellRefused(
            N_("« %(value)s » is not a grade."),
            N_("Write A, B, C, contractuel or non renseigné."),
            value=words[:50],
        )
    return category


def _kind(value: Value) -> str:
    words = cells.text(value)
    kind = KIND_NAMES.get(plain(words))
    if kind is None:
        raise CellRefused(
            N_("« %(value)s » is not a kind of unit."),
            N_("Write versant, ministère, opérateur, collectivité, hôpital, direction, service or autre."),
            value=words[:50],
        )
    return kind


def _email(value: Value) -> str | None:
    words = cells.text(value)
    if not words:
        return None
    if len(words) > 320 or not EMAIL.fullmatch(words):
        raise CellRefused(
            N_("« %(value)s » is not an e-mail address."),
            N_("Correct it, or leave the cell empty."),
            value=words[:50],
        )
    return words.lower()


def _left(value: Value) -> datetime | None:
    """The first moment somebody is no longer there, as lived in France."""
    found = cells.day(value)
    return None if found is None else datetime.combine(found, time(), ZONE)


def _population(value: Value) -> bool:
    return cells.flag(value) is not False


def _by_key(*fields: Field) -> Mapping[str, Field]:
    return {field.key: field for field in fields}


_NUMBER = _text(100, required=True, read=cells.identifier)
_CODE = _text(200, read=cells.identifier)
AGENTS = _by_key(
    Field("number", "identifiant agent", ("identifiant", "matricule", "agent number"), _NUMBER, required=True),
    Field("family_name", "nom", ("nom de famille", "nom usuel", "family name"), _text(200, required=True), True),
    Field("given_name", "prénom", ("given name",), _text(200, required=True), required=True),
    Field("branch", "versant", ("branch",), _branch, required=True),
    Field("unit", "code unité", ("unite", "code de l unite", "code structure", "code service", "unit", "unit code"),
          _CODE),
    Field("ministry", "ministère", ("ministry",), _text(300)),
    Field("directorate", "direction", ("directorate",), _text(300)),
    Field("service", "service", (), _text(300)),
    Field("siret", "SIRET", (), cells.siret),
    Field("category", "catégorie", ("grade", "category"), _category),
    Field("corps", "corps/emploi", ("corps", "emploi"), _text(200)),
    Field("email", "courriel", ("adresse electronique", "mail", "e mail", "email"), _email),
    Field("population", "population", ("population concernee", "agent concerne", "population p"), _population),
    Field("left_at", "date de départ", ("date de sortie", "parti le", "sorti le", "left on"), _left),
)  # fmt: skip
UNITS = _by_key(
    Field("code", "code", ("code unite", "code de l unite", "identifiant", "unit code"),
          _text(200, required=True, read=cells.identifier), required=True),
    Field("name", "nom", ("libelle", "intitule", "denomination", "name"), _text(300, required=True), required=True),
    Field("kind", "type", ("nature", "niveau", "kind"), _kind),
    Field("parent", "code parent", ("parent", "code unite parente", "unite parente", "rattachement", "parent code"),
          _CODE),
    Field("siret", "SIRET", (), cells.siret),
)  # fmt: skip
#: Kind of import → its fields; the first one names a row.
KINDS = {"agents": AGENTS, "units": UNITS}
