"""The pages people would see, and the doors by which tests prepare and look. Whoever asks is believed: ``?as=``."""

import json
from functools import cache
from itertools import cycle
from typing import Any
from uuid import uuid4

from campus.blocks import load
from campus.models import Grade, Membership, Placement, Profile
from config_models.models import ConfigurationModel
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from lti_consumer.api import get_lti_1p3_launch_info
from lti_consumer.models import CourseAllowPIISharingInLTIFlag, Lti1p3Passport, LtiConfiguration
from opaque_keys.edx.keys import CourseKey, UsageKey

#: Block field → column of a configuration kept in the database, where the two names differ.
IN_DATABASE = {"lti_1p3_enable_nrps": "lti_advantage_enable_nrps"}

#: Blocks take few keys in turn, for making one is slow: those of one test have each their own.
TURN = cycle(range(4))


@require_GET
def student(request: HttpRequest, location: str) -> HttpResponse:
    """The block as learners see it in their course."""
    return _page(load(UsageKey.from_string(location), _signed_in(request)).student_view(None).content)


@require_GET
def author(request: HttpRequest, location: str) -> HttpResponse:
    """The block as its course's team sees it in Studio: how to connect the tool, and « Deep Linking Launch »."""
    return _page(load(UsageKey.from_string(location), _signed_in(request)).author_view(None).content)


@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Place a block: JSON ``course``, ``store`` (``xblock`` or ``database``) and the block's ``fields``.

    Gives what Studio would show of it to connect the tool, with its ``location`` and the ``issuer``.
    """
    asked = json.loads(request.body)
    location = CourseKey.from_string(asked["course"]).make_usage_key("lti_consumer", uuid4().hex)
    passport = Lti1p3Passport.objects.create(**_key_pair(next(TURN)))
    fields = {**asked["fields"], "lti_version": "lti_1p3", "lti_1p3_passport_id": str(passport.passport_id)}
    if asked["store"] == "database":
        fields["config_type"] = "database"
        _keep_in_database(location, passport, fields)
    Placement.objects.create(location=location, fields=fields)
    data = load(location, User.objects.get(username="staff")).get_lti_1p3_launch_data()
    info = get_lti_1p3_launch_info(data)
    return JsonResponse({**info, "location": str(location), "issuer": request.build_absolute_uri("/").rstrip("/")})


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Who is in the ``course``. POST puts JSON ``members`` ({username: role}) there, and sets ``shares_names``."""
    if request.method == "POST":
        asked = json.loads(request.body)
        course = CourseKey.from_string(asked["course"])
        Membership.objects.filter(course=course).delete()
        for username, role in asked["members"].items():
            Membership.objects.create(course=course, user=_person(username), role=role)
        flag: type[ConfigurationModel] = CourseAllowPIISharingInLTIFlag
        flag.objects.create(course_id=course, enabled=asked["shares_names"])
    else:
        course = CourseKey.from_string(request.GET["course"])
    members = Membership.objects.filter(course=course).select_related("user__profile").order_by("user_id")
    return JsonResponse({member.user.username: _described(member) for member in members})


@require_GET
def grades(request: HttpRequest) -> HttpResponse:
    """Every grade the block of ``location`` received, the oldest first."""
    rows = Grade.objects.filter(location=UsageKey.from_string(request.GET["location"])).select_related("user")
    return JsonResponse(
        [
            {"username": row.user.username, "earned": row.earned, "possible": row.possible}
            for row in rows.order_by("id")
        ],
        safe=False,
    )


def _signed_in(request: HttpRequest) -> User:
    user = User.objects.get(username=request.GET["as"])
    login(request, user)
    return user


def _page(content: str) -> HttpResponse:
    return HttpResponse(f'<!DOCTYPE html><html lang="en"><title>Campus</title><body>{content}</body></html>')


def _person(username: str) -> User:
    user, new = User.objects.get_or_create(username=username, defaults={"email": f"{username}@example.org"})
    if new:
        Profile.objects.create(user=user, name=f"{username.capitalize()} de démonstration")
    return user


def _described(member: Membership) -> dict[str, Any]:
    return {
        "sub": str(member.user.profile.external_user_id),
        "name": member.user.profile.name,
        "email": member.user.email,
        "role": member.role,
    }


@cache
def _key_pair(number: int) -> dict[str, str]:
    # Stored where the package stores its own: it would make one itself at the first launch, in a second.
    pem = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"lti_1p3_internal_private_key": pem.decode(), "lti_1p3_internal_private_key_id": f"key-{number}"}


def _keep_in_database(location: UsageKey, passport: Lti1p3Passport, fields: dict[str, Any]) -> None:
    columns = {column.name for column in LtiConfiguration._meta.get_fields()}
    values = {IN_DATABASE.get(name, name): value for name, value in fields.items()}
    passport.lti_1p3_tool_keyset_url = fields.get("lti_1p3_tool_keyset_url", "")
    passport.lti_1p3_tool_public_key = fields.get("lti_1p3_tool_public_key", "")
    passport.save()
    LtiConfiguration.objects.create(
        location=location,
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        lti_1p3_passport=passport,
        **{name: value for name, value in values.items() if name in columns},
    )
