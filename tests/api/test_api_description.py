"""The description of the API is one, and the API does what it says: asked whatever it allows, and what it does not."""

from dataclasses import replace
from typing import Any

import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import unsupported_method
from sqlalchemy.orm import Session

from lms.services.api_resources import RESOURCES, SCOPES
from lms.services.figures import refresh_all
from lms.services.indicator_table import FIGURES
from tests.programs_in_test import bearer, organisation, token

#: Requests of each kind to each address.
EXAMPLES = 12


def test_the_description_is_one_and_says_everything(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    OpenAPIV31SpecValidator(answer.json).validate()
    assert {f"/{key}" for key in RESOURCES} < answer.json["paths"].keys()
    flows = answer.json["components"]["securitySchemes"]["oauth"]["flows"]
    assert flows["clientCredentials"]["scopes"] == SCOPES
    answered = answer.json["paths"]["/indicators"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answered["properties"]["items"]["items"]["required"] == ["track", *FIGURES, "masked"]
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_api_keeps_to_its_description(app: Flask, session: Session) -> None:
    app.extensions["mpia"] = replace(app.extensions["mpia"], api_rate=1_000_000)
    organisation(session)
    refresh_all(session)  # which commits
    headers = bearer(token(session))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    ids = {key: app.test_client().get(f"/api/v1/{key}", headers=headers).json["items"][0]["id"] for key in RESOURCES}
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 2 * len(RESOURCES) + 2
    for operation in operations:
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.label != "POST /token":
                _asked(operation, mode, headers, ids)


def _asked(operation: Any, mode: GenerationMode, headers: dict[str, str], ids: dict[str, Any]) -> None:
    # The token of the headers is no id and no secret.
    expected = {401} if operation.method == "post" else {200, 304}
    one_of = operation.path.removesuffix("/{id}").removeprefix("/") if "{id}" in operation.path else None

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any) -> None:
        if isinstance(case.query, dict):
            case.query.pop("cursor", None)  # it is signed, which no schema can say
        if one_of and mode is GenerationMode.POSITIVE:
            case.path_parameters["id"] = ids[one_of]
        answer = case.call_and_validate(headers=headers, excluded_checks=[unsupported_method])
        assert mode is not GenerationMode.POSITIVE or answer.status_code in expected

    ask()
