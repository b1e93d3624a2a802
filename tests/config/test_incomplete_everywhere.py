"""No address acts on a body that did not arrive as a whole."""

import io
import itertools

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.budgets import some_of
from tests.config.routes import NOWHERE
from tests.config.two_farms import FORM, ROUTES
from tests.conftest import FarmClient

KINDS = ["application/json", "text/csv", FORM]
METHODS = ("POST", "PUT", "PATCH", "DELETE")
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH change0")
# Refused for something else before the body is read: no such address, no JSON.
OTHERWISE = {NOWHERE: 404, "/api/v1/tokens/": 415}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_by_half_a_body(both, manager, kind):
    client = FarmClient(host="alpha.localhost")
    client.force_login(manager)
    wrong = []
    for number, (route, method) in enumerate(itertools.product(ROUTES, METHODS)):
        if kind not in some_of(KINDS, number):
            continue
        address = route.address(*both[0][route.path])
        half = {"wsgi.input": io.BytesIO(b"{"), "CONTENT_LENGTH": "2"}
        with transaction.atomic(), CaptureQueriesContext(connection) as statements:
            answer = client.generic(method, address, "{}", content_type=kind, **half)
            transaction.set_rollback(True)
        written = [each["sql"] for each in statements if each["sql"].startswith(WRITES)]
        is_refused = answer.wsgi_request.incoming_body.is_incomplete and answer.status_code == 400
        if written or not (is_refused or answer.status_code == OTHERWISE.get(route.path)):
            wrong.append((method, route.path, answer.status_code, written))
    assert wrong == []
