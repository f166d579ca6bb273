"""A 5 × 7 dot font for capitals, digits and a little punctuation, drawn for this package.

PyAV's FFmpeg has no `drawtext`, and a font file would be one more thing to ship.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = 5
ROWS: Final = 7

# Seven rows of five dots each, two hexadecimal digits a row, the leftmost dot is 0x10.
_GLYPHS: Final[dict[str, str]] = {
    "A": "0e11111f111111",
    "B": "1e11111e11111e",
    "C": "0e11101010110e",
    "D": "1e11111111111e",
    "E": "1f10101e10101f",
    "F": "1f10101e101010",
    "G": "0e11101711110f",
    "H": "1111111f111111",
    "I": "0e04040404040e",
    "J": "0702020202120c",
    "K": "11121418141211",
    "L": "1010101010101f",
    "M": "111b1515111111",
    "N": "11191915131311",
    "O": "0e11111111110e",
    "P": "1e11111e101010",
    "Q": "0e11111115120d",
    "R": "1e11111e141211",
    "S": "0f10100e01011e",
    "T": "1f040404040404",
    "U": "1111111111110e",
    "V": "11111111110a04",
    "W": "1111111515150a",
    "X": "11110a040a1111",
    "Y": "11110a04040404",
    "Z": "1f01020408101f",
    "0": "0e11131519110e",
    "1": "040c040404040e",
    "2": "0e11010204081f",
    "3": "1f02040201110e",
    "4": "02060a121f0202",
    "5": "1f101e0101110e",
    "6": "0608101e11110e",
    "7": "1f010204080808",
    "8": "0e11110e11110e",
    "9": "0e11110f01020c",
    ".": "00000000000c0c",
    ",": "000000000c0408",
    ":": "000c0c000c0c00",
    ";": "000c0c000c0408",
    "!": "04040404040004",
    "?": "0e110102040004",
    "'": "0c040800000000",
    '"': "0a0a0a00000000",
    "-": "0000001f000000",
    "+": "0004041f040400",
    "/": "00010204081000",
    "(": "02040808080402",
    ")": "08040202020408",
    "&": "0c12140815120d",
    "%": "18190204081303",
    "#": "0a0a1f0a1f0a0a",
    " ": "00000000000000",
}


def drawable(text: str) -> str:
    """Capitals of `text` without the characters that the font lacks (a prompt may be Chinese)."""
    kept = "".join(character for character in text.upper() if character in _GLYPHS)
    return " ".join(kept.split())


def wrap(text: str, *, columns: int, lines: int) -> list[str]:
    """The first words of `text` in at most `lines` lines of at most `columns` characters."""
    wrapped: list[str] = []
    current = ""
    for word in drawable(text).split():
        joined = f"{current} {word}".strip()
        if len(joined) <= columns:
            current = joined
            continue
        if len(wrapped) + 1 >= lines:
            return [line for line in [*wrapped, current[: columns - 3] + "..."] if line]
        if current:
            wrapped.append(current)
        current = word[:columns]
    return [line for line in [*wrapped, current] if line]


def dots(line: str) -> list[bytes]:
    """Seven rows of one byte a dot (0 or 255), one empty column after each character."""
    rows = []
    for row in range(ROWS):
        bits = [int(_GLYPHS[character][2 * row : 2 * row + 2], 16) for character in line]
        shifts = range(COLUMNS - 1, -2, -1)
        rows.append(bytes(255 if s >= 0 and bit >> s & 1 else 0 for bit in bits for s in shifts))
    return rows
