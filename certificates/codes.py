"""Verification tokens: 128 random bits, written so that people can copy and read them aloud."""

import re
import secrets

#: Crockford's base 32: no I, L, O or U, so that a token survives being read aloud or copied by hand.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 26  # ceil(128 / 5)
_CODE = re.compile(rf"[0-7][{CROCKFORD}]{{3}}-(?:[{CROCKFORD}]{{4}}-){{5}}[{CROCKFORD}]{{2}}")
_CONFUSIONS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def is_code(text: str) -> bool:
    """Whether ``text`` is a token in its written form, of 128 bits and no more."""
    return _CODE.fullmatch(text) is not None


def new_code() -> str:
    """A verification token: 128 random bits in Crockford's base 32, in groups of four."""
    return format_code(secrets.randbits(128))


def format_code(value: int) -> str:
    """The 128-bit integer ``value`` as a verification token."""
    digits = "".join(CROCKFORD[(value >> 5 * place) & 31] for place in range(CODE_LENGTH - 1, -1, -1))
    return "-".join(digits[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def read_code(text: str) -> str:
    """The token someone typed, in its written form: case, hyphens, spaces and O/I/L confusions are forgiven.

    Raises :class:`ValueError` when it cannot be a token.
    """
    digits = text.upper().translate(_CONFUSIONS)
    code = "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    if not is_code(code):
        raise ValueError("not a verification code")
    return code
