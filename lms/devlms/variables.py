"""The variables a custom value may ask for (LTI 1.3 Core, appendix A)."""

from collections.abc import Mapping
from urllib.parse import quote

from lms.devlms.people import Person
from lms.devlms.settings import Course, CourseLink


def substituted(custom: Mapping[str, str], course: Course, link: CourseLink | None, person: Person) -> dict[str, str]:
    """Custom values with the variables they name; one unknown here stays as it was written."""
    variables = {
        "$Context.id": course.id,
        "$Context.title": course.title,
        "$Context.id.history": _history(course.history),
        "$ResourceLink.id": link.id if link else "",
        "$ResourceLink.title": link.title if link else "",
        "$ResourceLink.id.history": _history(link.history if link else ()),
        "$User.id": person.id,
        "$Person.sourcedId": person.sourcedid,
    }
    return {name: variables.get(value, value) for name, value in custom.items()}


def _history(ids: tuple[str, ...]) -> str:
    """Ids separated by commas, each written so that it holds none."""
    return ",".join(quote(each, safe="") for each in ids)
