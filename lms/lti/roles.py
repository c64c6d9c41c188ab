"""LTI roles to ours, as data (LTI.md R21): least privilege for what is unknown.

A platform's word makes learners, trainers and authors of its own courses. HR and administration are granted by
the platform's ``role_map``, which this tool's administrator sets: an administrator of an LMS is not ours.
"""

from collections.abc import Iterable, Mapping

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"

#: Long and short forms, since platforms send both (Moodle's NRPS says « Instructor »).
STANDARD = {
    "Learner": "learner",
    "Mentor": "learner",
    "Instructor": "trainer",
    "TeachingAssistant": "trainer",
    "ContentDeveloper": "author",
}
#: Roles of those who run the platform or the institution; the last one is Moodle's own spelling.
ADMINISTRATORS = frozenset(
    f"http://purl.imsglobal.org/vocab/lis/v2/{place}#{name}"
    for place in ("system/person", "institution/person", "person")
    for name in ("Administrator", "SysAdmin")
)


def map_roles(uris: Iterable[str], role_map: Mapping[str, str]) -> frozenset[str]:
    """Our roles for LTI role URIs; ``learner`` when none is known."""
    roles = set()
    for uri in uris:
        short = uri.removeprefix(MEMBERSHIP).removeprefix("urn:lti:role:ims/lis/")
        role = role_map.get(uri) or STANDARD.get(short)
        if role:
            roles.add(role)
    return frozenset(roles or {"learner"})


def administers(uris: Iterable[str]) -> bool:
    """Whether one of these roles runs the platform or the institution."""
    return not ADMINISTRATORS.isdisjoint(uris)
