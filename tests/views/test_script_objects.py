"""Scripts: no object takes a name that others chose, so that none reaches what every object inherits."""

import re
from pathlib import Path

import pytest

import lms

FOLDER = Path(lms.__file__).parent
SCRIPTS = sorted(FOLDER.rglob("*.js"))
#: A value put under a name that is worked out: ``held[name] = value``, ``held[a][b] = value``, ``held[name] += value``.
COMPUTED = re.compile(r"[\w)\]]\[(?!\s*(\d+|'[^']*'|\"[^\"]*\")\s*\])[^\[\]]+\]\s*[-+*/|&?]{0,2}=(?![=>])")
#: What merges or reaches prototypes.
REACHING = re.compile(
    r"__proto__|\bprototype\b|setPrototypeOf|defineProperty|Reflect\.set|\.constructor\b|\bmerge\(|\bextend\("
)
#: The lines that do, and why they cannot: the names are ours, written in the script itself.
ADMITTED = {
    ("static/app.js", "document.documentElement.dataset[name] = value"): "names of the form of reading, of our page",
    ("static/passkeys.js", "response[name] = text(credential.response[name])"): "names of a list in the script",
}


def code(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"^\s*//.*$|\s//\s.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_puts_a_value_under_a_name_of_others(path: Path) -> None:
    text, name = code(path), path.relative_to(FOLDER).as_posix()
    for where, line in ADMITTED:
        if where == name:
            assert line in text
            text = text.replace(line, "")
    assert COMPUTED.findall(text) == []
    assert REACHING.findall(text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_nothing_that_was_received_is_merged(path: Path) -> None:
    """``Object.assign`` is given words of the script alone: a new element or sentence, then a literal.

    ``{ ...received }`` makes an object of its own and sets nothing in another.
    """
    for given in re.findall(r"Object\.assign\(([^{]*)\{([^}]*)\}", code(path)):
        assert re.match(r"(new \w+|document\.createElement)\(", given[0].strip()), given
        assert "..." not in given[1], given
    assert code(path).count("Object.assign(") == len(re.findall(r"Object\.assign\([^{]*\{[^}]*\}", code(path)))


def test_the_rule_bites() -> None:
    for line in ("held[name] = 1", "held[a][b] = 1", "held[path.at(0)] ??= {}", "x[`${a}`] = 2", "held[key] += 1"):
        assert COMPUTED.search(line), line
    for line in ("held[0] = 1", "held['a'] = 1", "[a, b] = [b, a]", "const [a] = given", "if (held[name] === 1) {}"):
        assert not COMPUTED.search(line), line
