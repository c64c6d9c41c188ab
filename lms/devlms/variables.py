"""Custom parameters: the variables they may name (LTI 1.3 Core, appendix A), and Moodle's way to keep them."""

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


def lines_of(custom: Mapping[str, str]) -> str:
    """Custom parameters as the text Moodle keeps: one a line, so that a value with a line break makes another."""
    return "\n".join(f"{name}={value}" for name, value in custom.items())


def from_lines(text: str) -> dict[str, str]:
    """The parameters of such a text."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _history(ids: tuple[str, ...]) -> str:
    """Ids separated by commas, each written so that it holds none."""
    return ",".join(quote(each, safe="") for each in ids)
