"""Names as people see them: two that look the same are the same, and each can be seen.

A name may come composed or in parts (é is one character or two), or hold characters without a
look of their own: marks that turn the direction of writing round, spaces of no width. What is
unique by its characters is not unique to people then, and can be made to look like another's.
"""

import unicodedata

UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
FILLERS = "\u034f\u115f\u1160\u2800\u3164\uffa0"  # letters by name, and empty to look at
JOINERS = "\u200c\u200d"  # Persian, Hindi and emoji are written with them


def composed(text):
    """The text with each letter as one character, where there is one (NFC)."""
    return unicodedata.normalize("NFC", text)


def unseen(text):
    """The first character that can't be seen, as ``U+200B``; "" where all can."""
    before = ""
    for letter in text:
        if _is_unseen(letter, before):
            return f"U+{ord(letter):04X}"
        before = letter
    return ""


def _is_unseen(letter, before):
    if letter in JOINERS:
        return before.isascii()
    return letter in FILLERS or unicodedata.category(letter) in UNSEEN
