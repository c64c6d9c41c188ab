"""Every regular expression of the house against texts made to keep it busy, each in a process with little time.

``python -m tests.hostile.patterns`` prints those that could not end, and what was not tried.
"""

import ast
import os
import re
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice, product
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined] # the tree of a pattern: what is repeated in it
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = ("lms", "curricula", "assessments", "certificates")
#: Rooms that strangers' texts never reach: the development LMS and the demo.
APART = ("lms/devlms/", "lms/demo", "lms/migrations/")
CALLS = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
#: Characters of each evil text, and seconds of processor for all those of one pattern.
LENGTH, SECONDS = 100_000, 5
#: Patterns that meet shorter texts, whatever is sent: how long, and what sees to it.
BOUNDED: dict[str, tuple[int, str]] = {
    "curricula/render.py:'(<code>.*?</code>|<[^>]*>)'": (5_000, "what nh3 wrote: each < of it begins a tag that ends"),
    r"lms/questions.py:'\\[\\[([a-z0-9-]+)\\]\\](?![^<]*>)'": (20_000, "texts of questions: bank_files.LONGEST"),
    r"lms/services/import_fields.py:'[^@\\s,;<>]+@[^@\\s,;<>]+\\.[^@\\s,;<>]+'": (320, "an address is no longer"),
}
#: Files whose patterns are made where they are used, and from what.
MADE = {
    "lms/forms/dates.py": "a loop over constants: each is tried as the module has it",
    "assessments/amounts.py": "the same",
    "lms/services/accounts.py": "a list of words and those of an address, escaped",
    "curricula/exchange/markdown_blocks.py": "a number under 4",
    "curricula/problems.py": "texts of the sources, keys escaped, on one line of a file",
}
USED = re.compile(r"\b(\w+)\.(match|search|fullmatch|sub|subn|split|findall|finditer)\b")

Tried = dict[str, tuple[re.Pattern[Any], frozenset[str]]]


def patterns() -> tuple[Tried, list[str]]:
    """Every pattern by « file:text », with the methods it is used by; and the files whose calls make theirs."""
    known = sources()
    used: dict[str, set[str]] = {}
    for path, source in known.items():
        for name, method in USED.findall(source):
            used.setdefault(f"{path}:{name}" if name.startswith("_") else name, set()).add(method)
    found: Tried = {}
    unknown = []
    for path, source in known.items():
        if not re.search(r"\bre\.", source):
            continue
        module = vars(import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")))
        for name, value in list(module.items()):
            for pattern in _inside(value):
                where = f"{path}:{name}" if name.startswith("_") else name
                methods = frozenset(used.get(where, CALLS)) if isinstance(value, re.Pattern) else frozenset(CALLS)
                found[f"{path}:{pattern.pattern!r}"] = (pattern, methods)
        for call in _calls(ast.parse(source)):
            try:
                pattern = _compiled(call, module)
            except (NameError, AttributeError):
                unknown.append(path)
                continue
            assert isinstance(call.func, ast.Attribute)
            if call.func.attr != "compile":
                found.setdefault(f"{path}:{pattern.pattern!r}", (pattern, frozenset({call.func.attr})))
    return found, unknown


def sources() -> dict[str, str]:
    """The sources that strangers' texts reach, by path."""
    paths = [path.relative_to(ROOT).as_posix() for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {path: (ROOT / path).read_text("utf-8") for path in paths if not path.startswith(APART)}


def _inside(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _inside(each)
    elif isinstance(value, dict):
        yield from _inside(list(value.values()))


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in CALLS:
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
            yield node


def _compiled(call: ast.Call, module: dict[str, Any]) -> re.Pattern[Any]:
    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "pattern", "eval"), dict(module))  # our own sources

    assert isinstance(call.func, ast.Attribute)
    flags = [value(each.value) for each in call.keywords if each.arg == "flags"]
    place = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)
    flags += [value(call.args[place])] if len(call.args) > place else []
    return re.compile(value(call.args[0]), *flags)


def evil(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Texts of that length in which something of the pattern is repeated, and which end as it does not expect."""
    seen = set()
    ends = ("", "!", "\x00", "\n", " x", "<", ">")
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.LOCALE)
    for before, pump in _pumps(tree, ""):
        text = before + pump * (length // len(pump) if pump else 0)
        for end in ends if len(seen) < 400 else ends[:2]:
            if text + end not in seen:
                seen.add(text + end)
                yield text + end
    signs = list(dict.fromkeys(_signs(tree)))[:10]
    for one, other in islice(product(signs, signs), 100):
        yield (one + other) * (length // len(one + other)) + "\x01"


def _pumps(tree: Iterable[Any], before: str) -> Iterator[tuple[str, str]]:
    """What may be repeated in a pattern, each with a text that leads there."""
    for op, given in tree:
        name = str(op)
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            least, most, inside = given
            for text in _texts(inside, 3):
                if most > 9 and text:
                    yield before, text
            yield from _pumps(inside, before)
            before += next(_texts(inside, 1), "") * max(least, 1 if most else 0)
            continue
        for inside in _children(op, given):
            yield from _pumps(inside, before)
        before += next(_texts([(op, given)], 1), "")


def _children(op: Any, given: Any) -> Iterator[Any]:
    name = str(op)
    if name == "SUBPATTERN":
        yield given[3]
    elif name == "BRANCH":
        yield from given[1]
    elif name in {"ASSERT", "ASSERT_NOT"}:
        yield given[1]
    elif name == "ATOMIC_GROUP":
        yield given
    elif name == "GROUPREF_EXISTS":
        yield from (each for each in given[1:] if each)


def _texts(tree: Iterable[Any], most: int) -> Iterator[str]:
    """Some short texts that a part of a pattern takes."""
    ways: list[list[str]] = []
    for op, given in tree:
        name = str(op)
        if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY", "RANGE", "CATEGORY"}:
            ways.append(list(dict.fromkeys(_signs([(op, given)])))[:most])
        elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            ways.append([text * max(1, given[0]) for text in _texts(given[2], most)])
        elif name == "BRANCH":
            ways.append([text for each in given[1] for text in _texts(each, most)][: most * 3])
        elif name in {"SUBPATTERN", "ATOMIC_GROUP"}:
            ways.append([text for inside in _children(op, given) for text in _texts(inside, most)])
    yield from islice(("".join(parts) for parts in product(*(way or [""] for way in ways))), most * 3)


def _signs(tree: Iterable[Any]) -> Iterator[str]:
    """One character of each kind that a pattern names."""
    categories = {"DIGIT": "1", "SPACE": " ", "WORD": "a", "NOT_DIGIT": "a", "NOT_SPACE": "a", "NOT_WORD": "-"}
    for op, given in tree:
        name = str(op)
        if name == "LITERAL":
            yield chr(given)
        elif name in {"NOT_LITERAL", "ANY"}:
            yield "a"
        elif name == "RANGE":
            yield chr(given[0])
        elif name == "CATEGORY":
            yield categories.get(str(given).removeprefix("CATEGORY_"), "a")
        elif name == "IN":
            inside = list(given)
            if inside and str(inside[0][0]) == "NEGATE":
                yield from ("a", " ", "1")
            else:
                yield from _signs(inside)
        elif name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            yield from _signs(given[2])
        else:
            for inside in _children(op, given):
                yield from _signs(inside)


def ends(pattern: re.Pattern[Any], methods: frozenset[str], length: int) -> bool:
    """Whether a pattern is through with all its evil texts in time; tried in a process of its own."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        for text in evil(pattern, length):
            said: Any = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
            if "fullmatch" in methods:
                pattern.fullmatch(said)
            if "match" in methods:
                pattern.match(said)
            if methods - {"fullmatch", "match"}:
                for _found in pattern.finditer(said):
                    pass
        os._exit(0)
    _child, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL}:
        return False
    assert status == 0, pattern
    return True


def main() -> int:
    """Print what could not end, and what was not tried; 1 when there is any."""
    found, unknown = patterns()
    told = [f"not tried: {each}" for each in unknown if each not in MADE]
    told += [f"no longer there: {each}" for each in (*MADE, *BOUNDED) if each not in found and each not in unknown]
    for name, (pattern, methods) in found.items():
        if not ends(pattern, methods, BOUNDED.get(name, (LENGTH, ""))[0]):
            told.append(f"does not end: {name} by {', '.join(sorted(methods))}")
    print("\n".join([f"tried: {len(found)}", *told]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
