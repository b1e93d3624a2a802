"""Asking what is in the inventory."""

from tests.responses import results

SPOOLS = "/api/v1/spools/"
LEDGER = "/api/v1/inventory-transactions/"


def at(spool, *verb):
    """The address of a spool, or of one of its verbs."""
    return "/".join([SPOOLS.rstrip("/"), str(spool.pk), *verb, ""])


def found(api, path, query=""):
    """The ids on the first page of a list."""
    return [row["id"] for row in results(api.get(f"{path}?{query}"))]
