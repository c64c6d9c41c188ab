"""A small LTI 1.3 Advantage platform for development: the outside world of ``lms demo`` and of the tests.

It imports nothing of the service. Start with :func:`create_devlms` and :func:`serve`; ``app.extensions["devlms"]`` is
the running :class:`Campus`, whose ``quirks`` give it the habits of Moodle, Open edX or a broken network. Anyone walks
through it with a :class:`HeadlessBrowser`.

Messages: ``messages`` (what is signed), ``opening`` (how a launch starts), ``oidc`` (the answer to the tool).
Services: ``ags``, ``nrps``, ``groups``, ``notices``. From tools: ``deep_linking``, ``registrations``.
Memory: ``store`` (gradebook), ``catalogue`` (courses, links, tools), ``roster`` (people).
"""

from lms.devlms.app import create_devlms
from lms.devlms.campus import Campus
from lms.devlms.client import HeadlessBrowser
from lms.devlms.hints import registration
from lms.devlms.quirks import Quirks
from lms.devlms.server import ServerHandle, serve
from lms.devlms.settings import CourseLink, DeepLinking, DevLmsSettings, Group, GroupSet, Lti1p1

__all__ = [
    "Campus",
    "CourseLink",
    "DeepLinking",
    "DevLmsSettings",
    "Group",
    "GroupSet",
    "HeadlessBrowser",
    "Lti1p1",
    "Quirks",
    "ServerHandle",
    "create_devlms",
    "registration",
    "serve",
]
