"""Two farms with a row for every address, and requests to them."""

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.config.routes import routes
from tests.conftest import FarmClient

FORM = "application/x-www-form-urlencoded"
OURS, THEIRS = "okapi", "zebra"  # in every text of alpha's rows, and of beta's
ROUTES = routes()


def send(client, method, address, body=None):
    """The answer; its effects are rolled back."""
    with transaction.atomic(), CaptureQueriesContext(connection) as statements:
        if isinstance(client, FarmClient):
            answer = client.generic(method.upper(), address, content_type=FORM)
        else:
            answer = getattr(client, method)(address, body)
        answer.everything = b"".join(answer) + str(answer.headers).encode()
        answer.is_pdf = answer.status_code == 200 and b"%PDF" in answer.everything
        answer.statements = [each["sql"] for each in statements]
        transaction.set_rollback(True)
    return answer
