"""Lists the licences of what is installed; fails on one that ``[tool.licences]`` does not allow (part of make sure)."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageMetadata, distributions

from tests.supply.settings import tool

_TROVE = "License :: OSI Approved :: "


def main() -> int:
    """Print the report: 0 when every licence is allowed."""
    rules = tool("licences")
    found = {said["Name"]: licence(said, rules["stated"], rules["names"]) for said in map(_metadata, distributions())}
    wrong = refused(found, rules["allowed"])
    held = defaultdict(list)
    for name, said in sorted(found.items(), key=lambda pair: pair[0].lower()):
        held[said or "not said"].append(name)
    for said, names in sorted(held.items()):
        print(f"{said}: {', '.join(names)}")
    for name in wrong:
        print(
            f"{name}: « {found[name] or 'no licence said'} » is not in [tool.licences] of pyproject.toml.",
            file=sys.stderr,
        )
    print(f"Licences: {len(found)} packages, {len(wrong)} refused.")
    return 1 if wrong else 0


def licence(said: PackageMetadata, stated: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The licence of a package as an SPDX expression, empty when it says none that is understood.

    What we read ourselves (``stated``) comes first, then the expression (PEP 639), then what older packages
    give: a text, or names of the index (``names`` → SPDX), all of which then hold.
    """
    name, text = said["Name"].lower(), (said.get("License") or "").strip()
    titles = [title.removeprefix(_TROVE) for title in said.get_all("Classifier") or [] if title.startswith(_TROVE)]
    known = [names[title] for title in titles if title in names]
    if name in stated:
        return stated[name]
    if expression := said.get("License-Expression"):
        return str(expression)
    if known and len(known) == len(titles):
        return " AND ".join(sorted(set(known)))
    return text if re.fullmatch(r"[A-Za-z0-9.+-]+( (OR|AND) [A-Za-z0-9.+-]+)*", text) else names.get(text, "")


def refused(found: Mapping[str, str], allowed: Iterable[str]) -> list[str]:
    """The packages whose licence is not allowed: of « A OR B » one is enough, « A AND B » asks for both."""
    admitted = set(allowed)

    def holds(expression: str) -> bool:
        if "(" in expression:  # rare: every licence named must then be allowed
            return set(re.findall(r"[A-Za-z0-9.+-]+", expression)) - {"AND", "OR", "WITH"} <= admitted
        ways = expression.split(" OR ")
        return any(all(each in admitted for each in way.split(" AND ")) for way in ways)

    return sorted(name for name, said in found.items() if not holds(said))


def _metadata(package: object) -> PackageMetadata:
    said: PackageMetadata = package.metadata  # type: ignore[attr-defined]
    return said


if __name__ == "__main__":
    sys.exit(main())
