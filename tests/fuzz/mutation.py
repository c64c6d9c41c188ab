"""Files that were right and are no more: bits changed, parts cut, repeated or put between, values of JSON of another
kind, deep or huge, one file of an archive damaged, a part of a token written anew."""

import json
import zipfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import Any, Literal

from hypothesis import strategies as st

Kind = Literal["bytes", "json", "zip", "jwt"]
Draw = Callable[[st.SearchStrategy[Any]], Any]

#: What strangers' files are full of.
TOKENS = (
    b"<", b"</", b"<!--", b"]]>", b"<![CDATA[", b"&", b"&#0;", b"&#xD800;", b"&#x110000;", b"{", b"}", b"~", b"=",
    b"%100%", b"%", b"\x00", b"\xff", b"\xff\xfe", b"\xfe\xff\x00", b"\xef\xbb\xbf", b"\r", b"\n", b"\x85", b"[[",
    b"]]",
    b'"', b"'", b"\\", b"\\u", b"::", b";", b",", b"\t", b"|", b"+++\n", b"---\n", b"999999999999999999999", b"-1",
    b"-0", b"1e999", b"nan", b"inf", b"0x1", b"\xd9\xa3", b"\xc2\xb2", b"[[modules]]\n", b"= {", b"PK\x03\x04",
    b"%PDF-", b"startxref", b"/ByteRange [0 9 9 9]", b"obj", b"endobj", b"stream", b"\xed\xa0\x80",
    b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"e\xcc\x81", b"0", b"9" * 5000, b"\n" * 40, b"(" * 99, b"[" * 3000,
    b"> " * 99, b"<a>" * 2000, b"{" * 3000, b"!", b"&x;", b"A" * 9000,
)  # fmt: skip
#: Values of JSON of every other kind; those of ``@@`` are written as they stand, for what Python would write otherwise.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, 10**20, "@@1e999@@", "@@-1e999@@", "@@NaN@@", "@@" + "9" * 5000 + "@@", "", " ",
    "a", "\x00", "\ud800", "\u202e", "é" * 300, "a" * 70_000, "0", "-1", "1e5", "²", "$Context.id",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59", "2026-01-01", "not-a-date", "https://[", "http://a:99999/", "//", "javascript:1",
    "urn:uuid:x", "did:web:a", "z" * 200, "u", "H4sI", [], [[]], [None], [1, "a", {}], {}, {"": None}, {"id": {}},
    {"a": {"b": {"c": []}}}, ["a"] * 2000, {"@id": "x"}, {"@value": 1}, {"@list": []},
    "@@" + "[" * 2000 + "]" * 2000 + "@@", "@@" + '{"a":' * 1500 + "1" + "}" * 1500 + "@@",
)  # fmt: skip


class Content(bytes):
    """Bytes that are shown shortly: those that make a fault are kept by ``make fuzz``, and found again by its seed."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes, SHA-256 {sha256(self).hexdigest()[:8]}: {bytes(self[:60])!r}…>"


def changed(seeds: Sequence[bytes], kind: Kind) -> st.SearchStrategy[Content]:
    """One of the seeds, changed in one to four places, as befits its kind; now and then bytes of nothing at all."""
    return _changed(seeds, kind).map(Content)


@st.composite
def _changed(draw: Draw, seeds: Sequence[bytes], kind: Kind) -> bytes:
    if draw(st.integers(0, 40)) == 40:
        return bytes(draw(st.binary(max_size=300)))
    content: bytes = seeds[draw(st.integers(0, len(seeds) - 1))]
    if kind == "json" and draw(st.integers(0, 9)) < 8:
        return _json(draw, content)
    if kind == "zip" and draw(st.integers(0, 9)) < 8:
        return _zip(draw, content, seeds)
    if kind == "jwt" and draw(st.integers(0, 9)) < 8:
        return _jwt(draw, content)
    return _bytes(draw, content, seeds)


def _bytes(draw: Draw, content: bytes, seeds: Sequence[bytes]) -> bytes:
    said = bytearray(content)
    for _turn in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(said)))
        length = draw(st.sampled_from((1, 1, 2, 8, 40, 300, 5000)))
        match draw(st.sampled_from(("bit", "byte", "cut", "end", "again", "token", "token", "splice", "swap"))):
            case "bit" if at < len(said):
                said[at] ^= 1 << draw(st.integers(0, 7))
            case "byte" if at < len(said):
                said[at] = draw(st.integers(0, 255))
            case "cut":
                del said[at : at + length]
            case "end":
                del said[at:]
            case "again":
                said[at:at] = said[at : at + length] * draw(st.sampled_from((1, 2, 50)))
            case "token":
                said[at:at] = draw(st.sampled_from(TOKENS))
            case "splice":
                other = seeds[draw(st.integers(0, len(seeds) - 1))]
                start = draw(st.integers(0, len(other)))
                said[at:at] = other[start : start + length]
            case "swap":
                other_at = draw(st.integers(0, len(said)))
                left, right = said[at : at + length], said[other_at : other_at + length]
                said[at : at + length], said[other_at : other_at + length] = right, left
            case _:
                pass
    return bytes(said[:2_000_000])


def changed_value(draw: Draw, value: Any) -> Any:
    """A value of JSON in which one to three are of another kind, missing, doubled, renamed or nested."""
    for _turn in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        place = places[draw(st.integers(0, len(places) - 1))]
        value = _replaced(draw, value, place)
    return value


def written(value: Any) -> bytes:
    """JSON, with what stands between ``@@`` as it stands."""
    return json.dumps(value).replace('"@@', "").replace('@@"', "").encode()


def _json(draw: Draw, content: bytes) -> bytes:
    said = written(changed_value(draw, json.loads(content)))
    return _bytes(draw, said, [content]) if draw(st.integers(0, 9)) == 9 else said


def _places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [above]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        found += _places(each, (*above, key))
    return found[:4000]


def _replaced(draw: Draw, value: Any, place: tuple[Any, ...]) -> Any:
    if not place:
        act = draw(st.sampled_from(("value", "nest", "more", "more")))
        if act == "more" and isinstance(value, dict):
            return {**value, draw(st.sampled_from(("", "x", "id", "@id", "@context", "\ud800"))): draw(_values)}
        return {"a": value} if act == "nest" else [value] if act == "more" else draw(_values)
    first, *rest = place
    inside: dict[Any, Any] | list[Any] = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        inside[first] = _replaced(draw, inside[first], tuple(rest))
        return inside
    match draw(st.sampled_from(("value", "value", "value", "drop", "nest", "double", "name", "deeper"))):
        case "value":
            inside[first] = draw(_values)
        case "drop":
            del inside[first]
        case "nest":
            inside[first] = [inside[first]]
        case "double" if isinstance(inside, list):
            inside.insert(first, inside[first])
        case "name" if isinstance(inside, dict):
            inside[draw(st.sampled_from(("", "x", "type", "id", "proof")))] = inside.pop(first)
        case _:
            inside[first] = _replaced(draw, inside[first], ())
    return inside


_values = st.sampled_from(VALUES) | st.text(max_size=20) | st.integers() | st.floats()


@cache
def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    """An archive of those files."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _zip(draw: Draw, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """An archive whole, some of whose files are damaged, lost, or named otherwise."""
    try:
        files = dict(_files(content))
    except zipfile.BadZipFile:
        return _bytes(draw, content, seeds)
    for _turn in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(files)))
        act = draw(st.sampled_from(("damage", "damage", "damage", "damage", "drop", "name", "other")))
        if act == "damage":
            files[name] = _bytes(draw, files[name], list(files.values()))
        elif act == "drop" and len(files) > 1:
            del files[name]
        elif act == "name":
            new = draw(st.sampled_from(("../x", "/x", "a\\b", "é", "x" * 300, "a/b/c.toml", name.upper(), name + "/")))
            files[new] = files.pop(name)
        else:
            files[name] = files[draw(st.sampled_from(sorted(files)))]
    return packed(files)


def _jwt(draw: Draw, content: bytes) -> bytes:
    """A token with the JSON of one of its first parts changed, or its bytes."""
    parts = content.split(b".")
    at = draw(st.integers(0, min(1, len(parts) - 1)))
    try:
        value = json.loads(urlsafe_b64decode(parts[at] + b"=="))
    except ValueError:
        return _bytes(draw, content, [content])
    parts[at] = urlsafe_b64encode(written(changed_value(draw, value))).rstrip(b"=")
    return b".".join(parts)
