"""What the code of a material type says of it: whether it is abrasive, and what family it is of."""

import re

OTHER = "OTHER"  # of filaments whose material a client did not tell, or not usably
ABRASIVE = re.compile(
    r"(?<![A-Z])(CF|GF|GLOW)(?![A-Z])"
    r"|CARBON|GLASS|GRAPHENE|WOOD|STONE|METAL|STEEL|IRON|COPPER|BRONZE|BRASS"
)


def is_abrasive(code):
    return bool(ABRASIVE.search(code))


def family_of(code, types):
    """Of the ``types`` that the code begins with, as a word, the longest, or its family; None where
    there is none. One that is filled with carbon is none of those that are not."""
    known = [each for each in types if each.code != OTHER and _begins_with(code, each.code)]
    known = [each for each in known if each.is_abrasive == is_abrasive(code)]
    longest = max(known, key=lambda each: len(each.code), default=None)
    return longest and (longest.family or longest)


def _begins_with(code, word):
    return bool(re.match(rf"{re.escape(word)}[^A-Z0-9]", code))
