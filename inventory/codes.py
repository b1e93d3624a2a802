"""Spool codes: eight random Crockford base32 characters and a check character.

The check is a sum of the characters, each multiplied by another power of a generator of GF(32);
it finds every single wrong character and every swap of two characters. Unlike Crockford's own
check (modulo 37) it stays inside the 32 letters and digits, which a QR code stores compactly and
a person can type.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
GROUP = 3  # letters, as printed
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None})
_POLYNOMIAL = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


def generate():
    """A new random code with its check character; about one in 10^12 repeats."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return body + check_character(body)


def normalise(text):
    """``text`` as a scanner or a person gave it: upper case, look-alikes replaced, no dashes and no
    spaces."""
    return "".join(text.split()).upper().translate(_LOOKALIKES)


def part(word):
    """``word`` as codes are written, which may start with it or have it as a printed group; None if
    no code can."""
    code = normalise(word)
    return code if code and all(letter in ALPHABET for letter in code) else None


def spelled(code):
    """The code in groups, as it is printed and easier to read."""
    return " ".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def is_valid(code):
    """Whether a normalised code has the right length, letters and check character."""
    if len(code) != LENGTH + 1 or any(letter not in ALPHABET for letter in code):
        return False
    return check_character(code[:LENGTH]) == code[LENGTH]


def check_character(body):
    total = 0
    for letter in reversed(body):
        total = (total ^ ALPHABET.index(letter)) << 1
        if total & 0b100000:
            total ^= _POLYNOMIAL
    return ALPHABET[total]
