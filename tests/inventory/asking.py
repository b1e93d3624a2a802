"""Asking what is in the inventory."""

SPOOLS = "/api/v1/spools/"
LEDGER = "/api/v1/inventory-transactions/"


def found(api, path, query=""):
    """The ids on the first page of a list."""
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]
