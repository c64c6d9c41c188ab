"""QR codes, and reading them back: a code that was not read is not printed.

Source: ISO/IEC 18004. The reader knows only what :func:`png` draws (level M, one mask, bytes, versions 1 to 10)
and corrects no error: it proves what was printed, it is not a camera.
"""

from collections.abc import Iterable
from io import BytesIO

import segno
from PIL import Image

#: Pixels a module, and the quiet zone around, in modules.
SCALE = 4
BORDER = 4
#: A fixed mask spares trying the eight; level M survives a fold.
_MASK = 3
_FORMAT = 0b00_011  # level M, mask 3
_FORMAT_XOR = 0b10101_0000010010
#: By version, 1 first: the data bytes of each block at level M, and the centres of alignment patterns.
_BLOCKS = (
    (16,),
    (28,),
    (44,),
    (32, 32),
    (43, 43),
    (27, 27, 27, 27),
    (31, 31, 31, 31),
    (38, 38, 39, 39),
    (36, 36, 36, 37, 37),
    (43, 43, 43, 43, 44),
)
_CENTRES = ((), (6, 18), (6, 22), (6, 26), (6, 30), (6, 34), (6, 22, 38), (6, 24, 42), (6, 26, 46), (6, 28, 50))

Modules = list[list[bool]]


class UnreadableQRError(ValueError):
    """The picture is not a QR code as this module draws them."""


def png(text: str) -> bytes:
    """A PNG of ``text``, quiet zone included, :data:`SCALE` pixels a module."""
    code = segno.make_qr(text, error="M", mode="byte", mask=_MASK, boost_error=False)
    matrix = list(code.matrix_iter(border=BORDER))
    pixels = bytes(0 if dark else 255 for row in matrix for dark in row)
    picture = Image.frombytes("L", (len(matrix), len(matrix)), pixels)
    out = BytesIO()
    picture.resize((len(matrix) * SCALE,) * 2, Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def read(picture: Image.Image) -> str:
    """The text of a picture drawn by :func:`png`, from its pixels. Raises :class:`UnreadableQRError`."""
    side = picture.width // SCALE - 2 * BORDER
    if picture.width != picture.height or not 21 <= side <= 57 or (side - 17) % 4:
        raise UnreadableQRError("not of version 1 to 10")
    grey = picture.convert("L").resize((side + 2 * BORDER,) * 2, Image.Resampling.NEAREST)
    width, pixels = grey.width, grey.tobytes()
    rows = range(BORDER, BORDER + side)
    return text_of([[pixels[y * width + x] < 128 for x in rows] for y in rows])


def text_of(modules: Modules) -> str:
    """The text of a symbol, dark modules true. Raises :class:`UnreadableQRError`."""
    around = [(8, x) for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [(y, 8) for y in (7, 5, 4, 3, 2, 1, 0)]
    if _number(modules[y][x] for y, x in around) ^ _FORMAT_XOR != _with_checksum(_FORMAT):
        raise UnreadableQRError("another level or mask")
    version = (len(modules) - 17) // 4
    words = _codewords(modules, _reserved(version))
    data = _deinterleaved(words, _BLOCKS[version - 1])
    bits = [bool(word >> place & 1) for word in data for place in range(7, -1, -1)]
    count_bits = 8 if version < 10 else 16
    length = _number(bits[4 : 4 + count_bits])
    start = 4 + count_bits
    if _number(bits[:4]) != 0b0100 or start + 8 * length > len(bits):
        raise UnreadableQRError("not a text in bytes")
    try:
        return bytes(_number(bits[start + 8 * i : start + 8 * i + 8]) for i in range(length)).decode()
    except UnicodeDecodeError as error:
        raise UnreadableQRError("not UTF-8") from error


def _codewords(modules: Modules, reserved: set[tuple[int, int]]) -> list[int]:
    """The bytes of the symbol, in the order they were placed: zigzag, two columns at a time, unmasked."""
    side = len(modules)
    bits: list[bool] = []
    for index, right in enumerate(range(side - 1, 0, -2)):
        column = right if right > 6 else right - 1  # the vertical timing pattern takes a column
        upward = index % 2 == 0
        for y in range(side - 1, -1, -1) if upward else range(side):
            bits.extend(modules[y][x] ^ ((x + y) % 3 == 0) for x in (column, column - 1) if (y, x) not in reserved)
    return [_number(bits[i : i + 8]) for i in range(0, len(bits) - 7, 8)]


def _reserved(version: int) -> set[tuple[int, int]]:
    """The modules that carry no data: finders, timing, alignment, format and version."""
    side = 17 + 4 * version
    boxes = [(0, 0, 9, 9), (0, side - 8, 9, side), (side - 8, 0, side, 9), (6, 0, 7, side), (0, 6, side, 7)]
    centres = _CENTRES[version - 1]
    boxes += [
        (y - 2, x - 2, y + 3, x + 3)
        for y in centres
        for x in centres
        if (y, x) not in {(6, 6), (6, side - 7), (side - 7, 6)}
    ]
    if version >= 7:
        boxes += [(0, side - 11, 6, side - 8), (side - 11, 0, side - 8, 6)]
    return {(y, x) for top, left, bottom, right in boxes for y in range(top, bottom) for x in range(left, right)}


def _deinterleaved(words: list[int], blocks: tuple[int, ...]) -> list[int]:
    """The data bytes in reading order: they are placed one from each block in turn."""
    contents: list[list[int]] = [[] for _ in blocks]
    stream = iter(words)
    for position in range(max(blocks)):
        for content, size in zip(contents, blocks, strict=True):
            if position < size:
                content.append(next(stream))
    return [word for content in contents for word in content]


def _with_checksum(value: int) -> int:
    """The 15 format bits of a 5-bit value: BCH(15, 5)."""
    rest = value << 10
    for place in range(4, -1, -1):
        if rest >> (place + 10) & 1:
            rest ^= 0b10100110111 << place
    return value << 10 | rest


def _number(bits: Iterable[bool]) -> int:
    """Bits as an integer, the most significant first."""
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value
