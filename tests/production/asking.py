"""Asking about runs: their addresses, what refusals look like, what is in the book."""

from inventory.models import InventoryTransaction

RUNS = "/api/v1/production-runs/"


def at(run, *verb):
    """The address of a run, of one of its verbs or lines."""
    return "/".join([RUNS.rstrip("/"), str(getattr(run, "pk", run)), *map(str, verb), ""])


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def usage():
    return InventoryTransaction.objects.filter(kind="usage").count()


def materials(*lines):
    """A body that takes ``(spool id, grams)`` each."""
    return {"materials": [{"spool": pk, "planned_grams": grams} for pk, grams in lines]}
