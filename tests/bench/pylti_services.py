"""PyLTI1p3's side of the services' benches: its connector, kept or made for each call."""

import json
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.grade import Grade
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from tests.platform_in_test import SCORE_SCOPE, rsa_key

PEM = rsa_key("tool").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def connector(address: str) -> ServiceConnector:
    """A connector without a token, as each launch has its own."""
    known = Registration().set_issuer(address).set_client_id("tool").set_auth_token_url(f"{address}/token")
    return ServiceConnector(known.set_tool_private_key(PEM))


def grades(kept: ServiceConnector, address: str) -> AssignmentsGradesService:
    """The library's gradebook of one column, over a connector."""
    return AssignmentsGradesService(kept, {"scope": [SCORE_SCOPE], "lineitem": f"{address}/items/1?type_id=1"})


def score(number: int) -> Grade:
    """A score of a learner."""
    grade = Grade().set_user_id(f"learner-{number}").set_score_given(80).set_score_maximum(100)
    grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
    return grade.set_timestamp(datetime.now(UTC).isoformat())


def roster(address: str, limit: int) -> int:
    """How many members the library reads, page after page; all of them are in memory at the end, as it does."""
    url = f"{address}/members?limit={limit}" if limit else f"{address}/members"
    service = NamesRolesProvisioningService(connector(address), {"context_memberships_url": url})
    return len({json.dumps(member["user_id"]) for member in service.get_members()})
