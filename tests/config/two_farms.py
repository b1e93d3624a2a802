"""Two farms with a row for every address, and requests to them."""

from contextlib import contextmanager

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants.models import Tenant
from tests.config.routes import routes
from tests.conftest import FarmClient, go_out, go_to

FORM = "application/x-www-form-urlencoded"
OURS, THEIRS = "okapi", "zebra"  # in every text of alpha's rows, and of beta's
ROUTES = routes()


@contextmanager
def at_slug(slug):
    """In a farm by its slug."""
    connection.set_schema_to_public()
    go_to(Tenant.objects.get(slug=slug))
    yield
    go_out()


@contextmanager
def rolled_back(blocker):
    """For a fixture of a module: what is written in it is there for the module's tests."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


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
