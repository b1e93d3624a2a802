"""The catalogue that was imported for all farms, in SpoolmanDB's shape."""

from orjson import Fragment

from inventory.services.tables import shared_catalogue
from production.spoolman import parameters, values

SEARCH = {"query": (values.text(), ...), "limit": (values.whole(least=1, most=100), 20)}


def filaments(_call):
    return [Fragment(content) for content in shared_catalogue.entries(shared_catalogue.FILAMENT)]


def materials(_call):
    return [Fragment(content) for content in shared_catalogue.entries(shared_catalogue.MATERIAL)]


def find(call):
    given = parameters.read(call.query, SEARCH)
    kind, words = shared_catalogue.FILAMENT, given["query"]
    found = shared_catalogue.find(kind, words, limit=given["limit"])
    return [Fragment(content) for content in found]
