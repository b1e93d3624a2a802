"""A real browser at a real server, in a farm that each file has for itself.

``shop`` is the farm: its ``sample`` and its people. ``visit`` opens a page as somebody, on a phone
unless told otherwise, watched: what no page may do fails the test at its end.
"""

import secrets
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Error, sync_playwright

from tenants.accounts import roles
from tenants.farms import services
from tests.browser import chromium, sample_farm
from tests.browser.page_checks import PHONE, Watch
from tests.conftest import FarmClient, go_out, go_to
from tests.factories import PASSWORD, make_user


@pytest.fixture(scope="package")
def filmed(tmp_path_factory):
    """The film that the browser's camera sees, once a test has made it."""
    return tmp_path_factory.mktemp("camera") / "label.y4m"


@pytest.fixture(scope="package")
def browser(filmed):
    """Chromium; one for all files of this folder, gone before the tests of the next one."""
    if chromium.is_unwanted():
        pytest.skip(chromium.SKIPPED)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        try:
            launched = playwright.chromium.launch(
                executable_path=chromium.found(), args=[*chromium.FLAGS, *chromium.filming(filmed)]
            )
        except Error as error:
            pytest.fail(f"{error}\n{chromium.MISSING}")
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def farm_of_file(browser, server, django_db_blocker):
    """A farm with a sample, committed; dropped afterwards."""
    with django_db_blocker.unblock():
        slug = f"own-{secrets.token_hex(4)}"
        tenant = services.add_farm(slug=slug, name="The farm", password=PASSWORD)
        go_to(tenant)
        people = {
            "otto": make_user(username="otto", name="Otto Operator"),
            "mona": make_user(username="mona", name="Mona Manager", role=roles.MANAGER),
        }
        made = sample_farm.set_up(by=people["otto"])
        url = f"http://{slug}.localhost:{urlsplit(server.url).port}"
        yield SimpleNamespace(tenant=tenant, url=url, sample=made, **people)
        services.drop_farm(tenant, by=None)
        go_out()
        connection.close()  # with an event loop Django has connections apart from the tests' own


@pytest.fixture
def shop(farm_of_file):
    """The farm of this file, entered."""
    go_to(farm_of_file.tenant)
    return farm_of_file


@pytest.fixture
def visit(browser, shop):
    """``visit("/floor/", by="mona", viewport=TABLET)``: a watched page in a browser of its own."""
    opened = []

    def open_page(path="/floor/", *, by="otto", viewport=PHONE, cookies=(), **options):
        options = {"service_workers": "block"} | options
        context = browser.new_context(
            base_url=shop.url, viewport=viewport, has_touch=True, **options
        )
        context.set_default_timeout(30_000)
        context.add_cookies([*cookies, *([session_of(shop, by)] if by else [])])
        page = context.new_page()
        page.watch = Watch(context, shop.url)
        opened.append((context, page.watch))
        page.goto(path)
        return page

    yield open_page
    wrong = [each for _, watch in opened for each in watch.wrong]
    for context, _ in opened:
        context.close()
    assert wrong == []


def session_of(shop, username):
    """The cookie of somebody who has signed in."""
    client = FarmClient(host=urlsplit(shop.url).hostname)
    client.force_login(getattr(shop, username))
    name = settings.SESSION_COOKIE_NAME
    return cookie(shop, name, client.cookies[name].value)


def cookie(shop, name, value):
    return {"name": name, "value": value, "url": shop.url}


def sign_in(page, username):
    """On the sign-in page."""
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/floor/**")
