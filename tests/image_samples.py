"""The smallest files of each kind of image, and drawings that are more than drawings."""

from io import BytesIO

from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
GIF = b"GIF89a\x01\x00\x01\x00"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L"
SVG = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->\n'
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">'
    b"<title>Un</title><style>.a { fill: url(#g); stroke: red }</style>"
    b'<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs>'
    b'<rect class="a" fill="url(\'#g\')" width="5" height="5" xml:space="preserve"/><use xlink:href="#g"/>'
    b'<image href="data:image/png;base64,iVBORw0KGgo="/></svg>'
)


def wide() -> bytes:
    """An image that says more pixels than are published, in few bytes."""
    written = BytesIO()
    Image.new("1", (5001, 5000)).save(written, "PNG")
    return written.getvalue()


def drawing(inside: str, root: str = "") -> bytes:
    """An SVG that holds this."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names} {root}>{inside}</svg>".encode()


HARMFUL = {
    "script": drawing("<script>alert(1)</script>"),
    "script of another name": drawing('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'),
    "script of HTML": drawing('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
    "event": drawing("", 'onload="alert(1)"'),
    "event in capitals": drawing('<rect OnClick="alert(1)"/>'),
    "foreign object": drawing("<foreignObject><p/></foreignObject>"),
    "link": drawing('<a href="https://example.org"><rect/></a>'),
    "animation": drawing('<animate attributeName="href" to="javascript:alert(1)"/>'),
    "set": drawing('<set attributeName="onclick" to="alert(1)"/>'),
    "image from elsewhere": drawing('<image href="https://example.org/a.png"/>'),
    "drawing within": drawing('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'),
    "use from elsewhere": drawing('<use xlink:href="other.svg#a"/>'),
    "data of a use": drawing('<use href="data:image/png;base64,AAAA"/>'),
    "paint from elsewhere": drawing('<rect fill="url(https://example.org/a#b)"/>'),
    "quoted paint from elsewhere": drawing("<rect style=\"fill: URL( 'a.svg#b')\"/>"),
    "style from elsewhere": drawing("<style>@import 'a.css';</style>"),
    "style with an escape": drawing("<style>.a { fill: u\\72l(a) }</style>"),
    "image set": drawing("<style>.a { background: image-set('a.png' 1x) }</style>"),
    "base": drawing('<use href="#a"/>', 'xml:base="https://example.org/"'),
    "style sheet": b'<?xml-stylesheet href="https://example.org/a.css"?>' + drawing(""),
    "document type": b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing("&a;"),
    "other encoding": b'<?xml version="1.0" encoding="utf-7"?>' + drawing(""),
    "UTF-16": drawing("").decode().encode("utf-16"),
    "not closed": drawing("")[:-3],
    "page": b"<html><body><svg xmlns='http://www.w3.org/2000/svg'></svg></body></html>",
    "no name of SVG": b"<svg><rect/></svg>",
}
