"""A small LTI 1.3 Advantage platform for development: the outside world of ``lms demo`` and of the tests.

It imports nothing of the service. Start with :func:`create_devlms` and :func:`serve`.
"""

from lms.devlms.app import create_devlms
from lms.devlms.campus import Campus
from lms.devlms.client import HeadlessBrowser
from lms.devlms.hints import registration
from lms.devlms.quirks import Quirks
from lms.devlms.server import ServerHandle, serve
from lms.devlms.settings import CourseLink, DevLmsSettings

__all__ = [
    "Campus",
    "CourseLink",
    "DevLmsSettings",
    "HeadlessBrowser",
    "Quirks",
    "ServerHandle",
    "create_devlms",
    "registration",
    "serve",
]
