"""PyLTI1p3, and where we differ from it: the one module that imports it (LTI.md R1).

Each override names the defect it mends and has a test that fails without it.
"""

from collections.abc import Mapping
from typing import Any, cast

import requests
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.message_launch import MessageLaunch, TJwtData
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from lms.lti.jwks import PlatformKeys
from lms.lti.model import Login, LtiError, Registration
from lms.lti.reading import texts
from lms.lti.token import check_claims, check_signature, signing_key, strict_part

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
#: The messages served, each with the objects the library reads inside before it knows what they are (defect 6).
OBJECTS = {
    "LtiResourceLinkRequest": (CLAIM + "resource_link",),
    "LtiDeepLinkingRequest": (DL_SETTINGS,),
    "LtiSubmissionReviewRequest": (CLAIM + "resource_link", CLAIM + "for_user", AGS_ENDPOINT),
    "DataPrivacyLaunchRequest": (CLAIM + "for_user",),
}


class _Params(Request):
    """Request parameters as plain values: no framework reaches the library."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    @property
    def session(self) -> Any:
        return {}

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._params.get(key, "")


class _Location(Redirect[str]):
    """A redirection as its address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def do_redirect(self) -> str:
        return self._url

    def do_js_redirect(self) -> str:
        return self._url

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def get_redirect_url(self) -> str:
        return self._url


class _NoCookies(CookieService):
    """State is bound to the browser by our own session cookie, not by a cookie a state."""

    def get_cookie(self, name: str) -> str | None:
        del name
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        del name, value, exp


class _NoSession(SessionService):
    """Nonces and launch data live in our database, not in the library's session."""

    def save_nonce(self, nonce: str) -> None:
        del nonce


class _OneRegistration(ToolConfAbstract[Request]):
    """The registration already found in the database, the only one the library may see (defect 6)."""

    def __init__(self, registration: Registration) -> None:
        super().__init__()
        self._deployments = registration.deployments
        self._found = (
            LibraryRegistration()
            .set_issuer(registration.issuer)
            .set_client_id(registration.client_id)
            .set_auth_login_url(registration.auth_url)
            .set_auth_token_url(registration.token_url)
            .set_key_set_url(registration.jwks_url)
        )

    def check_iss_has_one_client(self, iss: str) -> bool:
        return iss == self._found.get_issuer()

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> LibraryRegistration:
        del args, kwargs
        if iss != self._found.get_issuer():
            raise LtiError("issuer")
        return self._found

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> LibraryRegistration:
        del client_id
        return self.find_registration_by_issuer(iss, *args, **kwargs)

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        known = iss == self._found.get_issuer() and deployment_id in self._deployments
        return Deployment().set_deployment_id(deployment_id) if known else None

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment | None:
        del client_id, args, kwargs
        return self.find_deployment(iss, deployment_id)


class _Login(OIDCLogin[_Params, _OneRegistration, _NoSession, _NoCookies, str]):
    """The library's login with the state and nonce we chose (defect 1: it binds nonces to nothing)."""

    def __init__(self, params: _Params, registration: Registration, state: str, nonce: str) -> None:
        self._state, self._nonce = state, nonce
        super().__init__(params, _OneRegistration(registration), _NoSession(params), _NoCookies())

    def get_redirect(self, url: str) -> _Location:
        return _Location(url.replace("state=state-", "state=", 1))

    def _get_uuid(self) -> str:
        return self._state

    def _generate_nonce(self) -> str:
        return self._nonce


class _Message(MessageLaunch[_Params, _OneRegistration, _NoSession, _NoCookies]):
    """The library's message checks over our own signature, time and audience rules (defects 1 to 6)."""

    def __init__(self, id_token: str, registration: Registration, keys: PlatformKeys) -> None:
        params = _Params({"id_token": id_token})
        super().__init__(
            params, _OneRegistration(registration), _NoSession(params), _NoCookies(),
            # An empty session: the library never fetches, keys come from our own cache.
            requests_session=requests.Session.__new__(requests.Session),
        )  # fmt: skip
        self._ours, self._keys = registration, keys

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def validate(self) -> "_Message":
        self._validated = True
        self.validate_jwt_format()
        self.validate_jwt_signature()
        self.validate_registration()
        self.validate_deployment()
        self.validate_message()
        return self

    def validate_jwt_format(self) -> "_Message":
        token = self._get_id_token()
        self._jwt = cast("TJwtData", {"header": strict_part(token, 0), "body": strict_part(token, 1)})
        return self

    def validate_jwt_signature(self) -> "_Message":
        header = cast("dict[str, Any]", self._jwt["header"])
        kid = signing_key(header)
        check_signature(self._get_id_token(), self._keys.find(self._ours.jwks_url, kid))
        check_claims(cast("dict[str, Any]", self._jwt["body"]), self._ours)
        return self

    def validate_deployment(self) -> "_Message":
        asked = self._claim("deployment_id")
        if not isinstance(asked, str):
            raise LtiError("deployment")
        if asked in self._ours.suspended:
            raise LtiError("deployment_suspended")
        super().validate_deployment()
        return self

    def validate_message(self) -> "_Message":
        kind, body = self._claim("message_type"), cast("dict[str, Any]", self._jwt["body"])
        if not isinstance(kind, str) or kind not in OBJECTS:
            raise LtiError("message_type")
        for name in OBJECTS[kind]:
            if not isinstance(body.get(name), dict):
                raise LtiError("claim", name.rpartition("/")[2])
        if "sub" not in body:
            raise LtiError("anonymous")
        # Said in its own words: the library's would be those of a malformed message.
        if DL_SETTINGS in OBJECTS[kind] and "ltiResourceLink" not in texts(body[DL_SETTINGS], "accept_types"):
            raise LtiError("accept_types", "only resource links can be placed")
        super().validate_message()
        return self

    def _claim(self, name: str) -> Any:
        return cast("dict[str, Any]", self._jwt["body"]).get(CLAIM + name)

    def get_client_id(self) -> str:
        # The signature step has checked that we are an audience; the library takes aud[0] (defect 1).
        return self._ours.client_id


def login_url(login: Login, registration: Registration, launch_url: str, state: str, nonce: str) -> str:
    """The platform's authentication address for a login (OIDC implicit flow, form_post). Raises ``LtiError``."""
    params = {
        "iss": login.issuer,
        "login_hint": login.login_hint,
        "client_id": login.client_id or "",
        "lti_message_hint": login.message_hint or "",
    }
    try:
        url: str = _Login(_Params(params), registration, state, nonce).redirect(launch_url)
    except OIDCException as error:
        raise LtiError("login_malformed", str(error)) from error
    # The library adds a second « ? » to an address that has a query already.
    door = registration.auth_url
    return url.replace(f"{door}?", f"{door}&", 1) if "?" in door else url


def verified_claims(id_token: str, registration: Registration, keys: PlatformKeys) -> dict[str, Any]:
    """The claims of a message whose signature, times, audience, deployment and type hold. Raises ``LtiError``."""
    try:
        body = _Message(id_token, registration, keys).validate().get_launch_data()
    except LtiException as error:
        raise LtiError("message", str(error)) from error
    return cast("dict[str, Any]", body)
