"""The record: what it refuses, that nothing is lost on the way to storage, and what it prints."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest

from certificates.codes import CROCKFORD, format_code, is_code
from certificates.model import Record, RecordError, new_code, printed_fields, read_code
from certificates.sign.credential import credential, record_of


def test_storage_loses_nothing(recorded: Callable[..., Record]) -> None:
    record = recorded(threshold=Fraction(2, 3), valid_until=None, suspension_list_url=None)
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    assert record.to_dict()["threshold"] == "2/3"


def test_a_mention_is_kept_printed_and_read_back(recorded: Callable[..., Record]) -> None:
    record = recorded(mention={"fr": "Très bien", "en": "With distinction"})
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    for language, line in (("fr", ("Mention", "Très bien")), ("en", ("Distinction", "With distinction"))):
        found = {field.name_key: (field.label, field.value) for field in printed_fields(record, language)}
        assert found["mention"] == line
    assert record_of(credential(record)).mention == {"fr": "Très bien"}
    assert "mention" not in {field.name_key for field in printed_fields(recorded(), "fr")}
    before = recorded().to_dict()
    del before["mention"]  # as stored before there were any
    assert Record.from_dict(before) == recorded()
    with pytest.raises(RecordError):
        recorded(mention={})


@pytest.mark.parametrize("wrong", [{}, {"id": "x"}, {"modules": 3}, {"threshold": "a"}, {"issued_at": None}])
def test_a_damaged_record_is_refused(record: Record, wrong: dict[str, Any]) -> None:
    data = {**record.to_dict(), **wrong} if wrong else {}
    with pytest.raises(RecordError):
        Record.from_dict(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issued_at": datetime(2026, 11, 12)},  # noqa: DTZ001  # the point of the test
        {"valid_until": datetime(2020, 1, 1, tzinfo=UTC)},
        {"holder": "e\u0301"},
        {"holder": ""},
        {"kind": "diploma"},
        {"language": "de"},
        {"threshold": Fraction(3, 2)},
        {"minutes": -1},
        {"base_url": "https://site.example/"},
        {"base_url": "javascript:alert(1)"},
        {"subject": "mailto:a@b.example"},
        {"evidence": ("abc",)},
        {"code": "7K2M"},
        {"title": {}},
    ],
)
def test_a_record_that_cannot_be_signed_is_refused(recorded: Callable[..., Record], wrong: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        recorded(**wrong)


def test_instants_are_kept_in_utc_to_the_second(recorded: Callable[..., Record]) -> None:
    paris = timezone(timedelta(hours=1))
    record = recorded(issued_at=datetime(2026, 11, 12, 0, 30, 5, 999, tzinfo=paris))
    assert record.issued_at == datetime(2026, 11, 11, 23, 30, 5, tzinfo=UTC)


def test_codes_are_128_random_bits_in_groups_of_four() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(is_code(code) and set(code) <= {*CROCKFORD, "-"} for code in codes)
    assert format_code(2**128 - 1) == "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ"
    assert format_code(0).replace("-", "") == "0" * 26
    assert not is_code("ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ")  # more than 128 bits


def test_a_code_copied_by_hand_is_understood() -> None:
    code = "7K2M-Q4XT-9D8B-3HNW-6PRC-0V5E-1J"
    assert read_code(" 7k2mq4xt 9d8b 3hnw-6prc-ov5e-lj") == code
    for wrong in ("", "7K2M", code + "A", code.replace("7K2M", "7U2M")):
        with pytest.raises(ValueError):
            read_code(wrong)


def test_what_is_printed_in_french(record: Record) -> None:
    values = {field.name_key: (field.label, field.value) for field in printed_fields(record, "fr")}
    assert values["holder"] == ("Titulaire", "Zoé Bérenger-Ŵynn")
    assert values["issued_on"] == ("Délivré le", "12/11/2026")
    assert values["valid_until"] == ("Valable jusqu’au", "12/11/2029")
    assert values["duration"] == ("Durée suivie", "31\u00a0h")
    assert values["threshold"] == ("Seuil", "70\u00a0% à chaque module")
    assert values["issuer"] == ("Émetteur", "Institut de démonstration, fictif")
    assert values["code"][1] == record.code


def test_what_is_printed_in_english(recorded: Callable[..., Record]) -> None:
    record = recorded(minutes=150, valid_until=None, threshold=Fraction(2, 3))
    values = {field.name_key: field.value for field in printed_fields(record, "en")}
    assert values["issued_on"] == "12 November 2026"
    assert values["valid_until"] == "No limit"
    assert values["duration"] == "2\u00a0h\u00a030\u00a0min"
    assert values["threshold"] == "66.66% in each module"
    assert values["title"] == "Public AI Manager"


def test_an_attendance_prints_no_threshold_and_no_one_signs_an_unsigned_one(recorded: Callable[..., Record]) -> None:
    record = recorded(kind="attendance")
    record = replace(record, issuer=replace(record.issuer, signatory=None, fictitious=False))
    keys = {field.name_key for field in printed_fields(record, "fr")}
    assert not keys & {"threshold", "signatory"}
    assert all(field.value for field in printed_fields(record, "fr"))
