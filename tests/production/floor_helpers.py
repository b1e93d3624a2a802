"""Touching the floor's pages: forms are sent as a browser would, questions to the database are
counted."""

from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext

from production.models import ProductionRun
from production.services.runs import lifecycle
from production.services.runs.lines import NewItem


def at(thing, *verb):
    """The address of the page of a run or a spool, or of one of its verbs."""
    place = "runs" if isinstance(thing, ProductionRun) else "spools"
    return "/".join(["/floor", place, str(thing.pk), *map(str, verb), ""])


def touch(client, path, *, headers=None, **fields):
    """Send a form; names with a dash are written with two underscores."""
    named = {name.replace("__", "-"): value for name, value in fields.items()}
    body = urlencode(named, doseq=True)
    kind = "application/x-www-form-urlencoded"
    return client.post(path, body, content_type=kind, headers=headers)


def page_after(client, answer):
    """The page that a form leads to, once it was done."""
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def undo(client, run, **fields):
    return touch(client, at(run, "undo"), **fields)


def page(answer, status=200):
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def queries(client, path):
    """The number of queries; transactions and the farm's look-up are not counted."""
    client.get(path)  # the farm is found in the cache from now on
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return sum("SELECT" in query["sql"] for query in seen.captured_queries)


def a_bare_run(*products, **fields):
    """A planned run of one of each product: its lines ask for materials, and have no spool yet."""
    items = [NewItem(product=product, quantity=1) for product in products]
    return lifecycle.create(by=None, items=items, **fields)


def entries(run):
    return list(run.transactions.order_by("pk").values_list("kind", "grams"))
