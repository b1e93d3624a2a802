"""UIDs of tags, as readers write them."""

import re

HEX = re.compile(r"[0-9A-F]+(?:[:\- ][0-9A-F]+)*")


def normalise(uid):
    """In capitals, hex digits without what separates them: 04:a2:1b is 04A21B."""
    uid = " ".join(uid.split()).upper()
    return re.sub("[:\\- ]", "", uid) if HEX.fullmatch(uid) else uid
