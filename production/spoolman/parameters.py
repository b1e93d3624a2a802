"""Parameters of a query, read and checked as pydantic would."""

import re

from production.spoolman import values
from production.spoolman.answers import InvalidShape, item_of, missing
from production.spoolman.values import MAX_ID_DIGITS, Unusable

IDS = re.compile(r"^-?\d+(,-?\d+)*$", re.ASCII)
COUNT = values.whole(least=0)
SIMILARITY = {"color_similarity_threshold": (values.number(least=0, most=100), 20)}
PAGE = {"limit": (COUNT, None), "offset": (COUNT, 0)}


def ids(value):
    """``3,-1,7`` as numbers."""
    if not IDS.fullmatch(value):
        raise values.unlike(IDS.pattern)
    return [int(each) for each in value.split(",") if len(each) <= MAX_ID_DIGITS]


def read(query, kinds):
    """The parameters that are named in ``kinds``, each a kind of value and a default; a default
    of ... means that it is needed. Raises InvalidShape, which names all that is wrong."""
    found, items = {}, []
    for name, (kind, default) in kinds.items():
        if name in query:
            try:
                found[name] = kind(query[name])
            except Unusable as error:
                items.append(item_of(error, ["query", name], query[name]))
        elif default is ...:
            items.append(missing(["query", name]))
        else:
            found[name] = default
    if items:
        raise InvalidShape(items)
    return found
