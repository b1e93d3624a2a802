"""Asking about runs: their addresses, their reports, what they booked."""

from inventory.models import InventoryTransaction
from tests.responses import results

RUNS = "/api/v1/production-runs/"
REPORTS = "/api/v1/reports/"


def at(run, *verb):
    """The address of a run, of one of its verbs or lines."""
    return "/".join([RUNS.rstrip("/"), str(getattr(run, "pk", run)), *map(str, verb), ""])


def rows(api, report, query=""):
    """The rows on the first page of a report."""
    return results(api.get(f"{REPORTS}{report}/?{query}"))


def booked(kind):
    """The grams of the entries of a kind, in order."""
    entries = InventoryTransaction.objects.filter(kind=kind).order_by("pk")
    return list(entries.values_list("grams", flat=True))


def usage():
    """How many entries of usage there are."""
    return InventoryTransaction.objects.filter(kind="usage").count()


def materials(*lines):
    """A body that takes ``(spool id, grams)`` each."""
    return {"materials": [{"spool": pk, "planned_grams": grams} for pk, grams in lines]}
