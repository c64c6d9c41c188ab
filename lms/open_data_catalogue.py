"""What data portals read of the dataset: a catalogue in JSON-LD, under the European profile DCAT-AP 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

#: « Licence Ouverte 2.0 », for the State's data (décret 2017-638).
LICENCE = {
    "name": "Licence Ouverte 2.0",
    "url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "spdx": "https://spdx.org/licenses/etalab-2.0",
}
TITLE = {
    "fr": "Formation des agents publics à l’IA : indicateurs",
    "en": "AI training of civil servants: indicators",
}
DESCRIPTION = {
    "fr": "Agents de la population déclarée inscrits, formés et certifiés, heures, taux et coûts, par versant de la "
    "fonction publique, parcours et exercice ; budget de formation de l’ensemble et sa trajectoire. Les chiffres qui "
    "portent sur peu de personnes sont masqués, ainsi que ceux qui permettraient de les retrouver.",
    "en": "Civil servants of the declared population who are enrolled, trained and certified, hours, rates and costs, "
    "by branch of the civil service, track and fiscal year; the whole training budget and its path. Figures of few "
    "people are masked, and so are those that would give them back.",
}
_EU = "http://publications.europa.eu/resource/authority"
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "adms": "http://www.w3.org/ns/adms#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True)
class Published:
    """A file of the dataset: its address, its media type and EU file type, its bytes and their SHA-256."""

    url: str
    media_type: str
    file_type: str
    size: int
    sha256: str


def catalogue(
    base_url: str,
    publisher: dict[str, str],
    contact: str,
    files: Sequence[Published],
    period: tuple[date, date],
    version: str,
) -> dict[str, Any]:
    """The catalogue, its one dataset and the files of it. ``contact`` is an e-mail or https address.

    ``period``: its first day and its last.
    """
    home = f"{base_url}/open-data"
    who = {"@id": f"{home}#publisher", "@type": "foaf:Agent", "foaf:name": _words(publisher)}
    licence: dict[str, Any] = {
        "@id": LICENCE["url"],
        "@type": "dct:LicenseDocument",
        "dct:title": {"@value": LICENCE["name"], "@language": "fr"},
        "owl:sameAs": {"@id": LICENCE["spdx"]},
    }
    languages = [{"@id": f"{_EU}/language/{code}"} for code in ("FRA", "ENG")]
    modified = _day(period[1])
    dataset = {
        "@id": f"{home}#dataset",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{home}#dataset",
        "dct:title": _words(TITLE),
        "dct:description": _words(DESCRIPTION),
        "dct:publisher": {"@id": who["@id"]},
        "dcat:contactPoint": _contact(contact, publisher),
        "dcat:keyword": [
            {"@value": word, "@language": language}
            for language, words in (("fr", ("formation", "intelligence artificielle", "fonction publique")),
                                    ("en", ("training", "artificial intelligence", "civil service")))
            for word in words
        ],
        "dcat:theme": [{"@id": f"{_EU}/data-theme/{code}"} for code in ("GOVE", "EDUC")],
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:accrualPeriodicity": {"@id": f"{_EU}/frequency/MONTHLY"},
        "dct:language": languages,
        "dct:spatial": {"@id": f"{_EU}/country/FRA"},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime", "dcat:startDate": _day(period[0]), "dcat:endDate": modified,
        },
        "dct:modified": modified,
        "dcat:version": version,
        "dcat:landingPage": {"@id": home},
        "dcat:distribution": [_distribution(file, licence["@id"], modified) for file in files],
    }  # fmt: skip
    return {
        "@context": _CONTEXT,
        "@graph": [
            {
                "@id": f"{home}#catalogue",
                "@type": "dcat:Catalog",
                "dct:title": _words(TITLE),
                "dct:description": _words(DESCRIPTION),
                "dct:publisher": {"@id": who["@id"]},
                "dct:language": languages,
                "dct:license": {"@id": licence["@id"]},
                "dct:modified": modified,
                "foaf:homepage": {"@id": home},
                "dcat:dataset": {"@id": dataset["@id"]},
            },
            dataset,
            who,
            licence,
        ],
    }


def _distribution(file: Published, licence: str, modified: dict[str, str]) -> dict[str, Any]:
    return {
        "@id": file.url,
        "@type": "dcat:Distribution",
        "dct:title": _words({"fr": f"Données, {file.file_type}", "en": f"Data, {file.file_type}"}),
        "dcat:accessURL": {"@id": file.url},
        "dcat:downloadURL": {"@id": file.url},
        "dct:license": {"@id": licence},
        "dct:format": {"@id": f"{_EU}/file-type/{file.file_type}"},
        "dcat:mediaType": {"@id": f"http://www.iana.org/assignments/media-types/{file.media_type}"},
        "dcat:byteSize": {"@value": str(file.size), "@type": "xsd:nonNegativeInteger"},
        "dct:modified": modified,
        "adms:status": {"@id": f"{_EU}/distribution-status/COMPLETED"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@value": file.sha256, "@type": "xsd:hexBinary"},
        },
    }


def _contact(contact: str, publisher: dict[str, str]) -> dict[str, Any]:
    way, address = (
        ("vcard:hasURL", contact) if contact.startswith("https://") else ("vcard:hasEmail", f"mailto:{contact}")
    )
    return {"@type": "vcard:Organization", "vcard:fn": _words(publisher), way: {"@id": address}}


def _words(text: dict[str, str]) -> list[dict[str, str]]:
    return [{"@value": value, "@language": language} for language, value in text.items()]


def _day(day: date) -> dict[str, str]:
    return {"@value": day.isoformat(), "@type": "xsd:date"}
