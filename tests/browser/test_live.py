"""What others change is shown on an open page of a run."""

import pytest

from production.services import completion
from tenants.live import listeners
from tests.browser.page_checks import finds
from tests.config.sockets.live import live_server
from tests.factories import a_printer, a_running_run, a_spool, make_token


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory):
    """With the process of websockets."""
    with live_server(tmp_path_factory.mktemp("live")) as served:
        yield served


@pytest.fixture
def run(shop, server, settings):
    settings.SOCKETS = server.folder / "sockets"
    listeners.forget()
    return a_running_run((a_spool(), 40), printer=a_printer(), by=shop.mona)


@pytest.fixture
def page(visit, run):
    """That of the run, which listens."""
    opened = visit("/floor/")
    with opened.expect_websocket() as connected:
        opened.goto(f"/floor/runs/{run.pk}/")
    assert connected.value.url.endswith(f"/floor/runs/{run.pk}/")
    finds(opened, "In progress")
    return opened


def test_a_run_that_somebody_else_completes_is_shown_so(page, run, shop):
    completion.complete(run, by=shop.mona, as_planned=True)
    page.locator("b.status.completed").wait_for()


def test_what_a_printer_reports_is_shown(page, run, shop, server):
    spool, printer = run.materials.get().spool, run.printer
    secret = make_token(shop.mona, scope="printer", kind="moonraker", printer=printer)
    address = f"/d/{secret}/api/v1/spool/{spool.number}/use"
    answer = server.client(shop.tenant).put(address, json={"use_weight": 3})
    assert answer.status_code == 200
    finds(page, "3 g were reported so far.")
