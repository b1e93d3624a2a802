"""The network goes away: what was pressed waits, survives, and has its effect once."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from production.services import completion
from tests.browser.conftest import session_of, sign_in
from tests.browser.offline_helpers import (
    age,
    at,
    comes_true,
    in_another_tab,
    is_cached,
    looked_after,
    none_waits,
    offline,
    waiting,
    why_not,
)
from tests.browser.page_checks import barriers, finds, geometry, in_menu
from tests.browser.sample_farm import grams
from tests.factories import a_printer, a_run, a_running_run, a_spool

ONCE = [("usage", Decimal(-40))]


@pytest.fixture
def run(shop):
    return a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)


def complete(page):
    page.get_by_role("button", name="Complete as planned").tap()


# --- Waiting and being sent --------------------------------------------------------------------


def test_figures_typed_without_a_network_survive_a_reload_and_are_booked_once(visit, run):
    page = visit(at(run, "complete/"), service_workers="allow")
    looked_after(page)
    is_cached(page)
    offline(page)
    page.get_by_label("Grams in the parts").fill("41,5")
    page.get_by_role("button", name="Complete").tap()
    words = f"Complete {run.number} – Complete: 41,5"
    assert "Not sent yet: 1" in waiting(page, words).inner_text()
    assert grams(run.transactions) == []
    page.reload()  # a moment in which Chromium's pretended absence of a network has a gap
    finds(page, "No network. Last updated")
    assert page.get_by_role("button", name="Complete").is_disabled()
    assert geometry(waiting(page, words).page) == []
    assert barriers(page) == []
    offline(page, False)
    finds(page, f"Run {run.number} is completed: 41.5 g are booked.")
    assert grams(run.transactions) == [("usage", Decimal("-41.5"))]
    none_waits(page)


def test_a_page_that_was_never_seen_says_that_there_is_no_network(visit, run):
    page = visit(service_workers="allow")
    looked_after(page)
    offline(page)
    page.goto(at(run))
    assert page.get_by_role("heading", name="No network").is_visible()


def answer_of(route):
    """Playwright's own client does not find a farm by its name."""
    url = urlsplit(route.request.url)
    headers = route.request.all_headers() | {"host": url.netloc}
    return route.fetch(url=url._replace(netloc=f"127.0.0.1:{url.port}").geturl(), headers=headers)


def test_what_arrived_though_its_answer_was_lost_is_not_done_again(visit, run):
    page = visit(at(run))
    lost = []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(answer_of(route).status)
        return route.abort()

    page.watch.is_offline = True
    page.route("**/complete-as-planned/", lose)
    complete(page)
    waiting(page, run.number)
    assert lost == [200]
    page.reload()
    finds(page, f"Run {run.number} is completed: 40 g are booked.")
    assert grams(run.transactions) == ONCE
    none_waits(page)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_double_tap_completes_once(visit, run, script):
    page = visit(at(run), java_script_enabled=script)
    page.get_by_role("button", name="Complete as planned").dblclick()
    finds(page, f"Run {run.number} is completed: 40 g are booked.")
    assert grams(run.transactions) == ONCE


def test_what_was_pressed_without_a_network_is_sent_in_order(visit, shop):
    run = a_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    page, spool = visit(at(run)), a_spool()
    offline(page)
    page.get_by_role("button", name="Start").tap()
    waiting(page, f"{run.number} – Start")
    page.evaluate(
        """([url, body, person]) => localStorage.setItem("spoolbook-waiting:b", JSON.stringify(
            {key: "b", url, body, person, page: "/", name: "Otto", at: Date.now(), what: "b"}))""",
        [f"{shop.url}{at(run, 'complete-as-planned/')}", "idempotency_key=b", person(page)],
    )
    offline(page, False)
    none_waits(page)
    verbs = list(run.events.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["create", "start", "complete"]
    assert spool.transactions.count() == 1


def person(page):
    return page.locator("#waiting").get_attribute("data-person")


@pytest.fixture
def tabs(visit, run):
    """The tab on which a form was pressed without a network, and another that shows it waiting."""
    page = visit(at(run))
    other = page.context.new_page()
    other.goto("/floor/")
    offline(page)
    complete(page)
    waiting(other, run.number)
    return page, other


def test_two_tabs_have_one_effect(tabs, run):
    page, other = tabs
    sent = set()
    page.context.on("request", lambda request: sent.add(request.post_data))
    offline(page, False)
    finds(page, f"Run {run.number} is completed: 40 g are booked.")
    none_waits(other)
    assert len(sent - {None}) == 1  # a tab may yet see what the other has just sent: one key
    assert grams(run.transactions) == ONCE
    assert run.events.filter(verb="complete").count() == 1


def test_a_tab_goes_on_with_what_another_has_sent_for_it(tabs, run):
    pressed = tabs[0]
    pressed.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    offline(pressed, False)
    for tab in tabs:
        finds(tab, f"Run {run.number} is completed: 40 g are booked.")
    assert run.events.filter(verb="complete").count() == 1


# --- Refused meanwhile -------------------------------------------------------------------------


@pytest.fixture
def refused(visit, shop, run):
    """Otto's page, on which a weight waits that turned out to be hard to believe."""
    page = visit(f"/floor/spools/{a_spool().pk}/weigh/")
    offline(page)
    page.get_by_label("The scale shows").fill("400")
    page.get_by_role("button", name="Save the weight").tap()
    waiting(page, "400")
    page = in_another_tab(page)
    page.goto("/floor/")
    why_not(page, "g")
    return page


def test_a_refusal_is_shown_and_opened_with_what_was_typed(refused):
    why_not(refused, "Weigh again, or confirm.")
    assert geometry(refused) == []
    assert barriers(refused) == []
    refused.get_by_role("button", name="Open and try again").tap()
    finds(refused, "Check this weight.")
    assert refused.get_by_label("The scale shows").input_value() == "400"
    none_waits(refused)


def test_what_was_refused_may_be_thrown_away(refused):
    refused.get_by_role("button", name="Discard").tap()
    none_waits(refused)


def test_what_somebody_else_did_meanwhile_is_said(visit, shop, run):
    page = visit(at(run))
    offline(page)
    complete(page)
    waiting(page, run.number)
    completion.complete(run, by=shop.mona, as_planned=True)
    offline(page, False)
    page.locator(".message.error").filter(has_text="completed").wait_for()
    assert grams(run.transactions) == ONCE
    none_waits(page)


def test_what_waited_for_half_a_day_is_looked_at_before_it_is_sent(visit, run):
    page = visit(at(run))
    offline(page)
    complete(page)
    waiting(page, run.number)
    age(page, 13)
    offline(page, False)
    waiting(page, "This waited for half a day")
    assert grams(run.transactions) == []
    page.get_by_role("button", name="Open and try again").tap()
    finds(page, f"Run {run.number} is completed: 40 g are booked.")


# --- Whose it is -------------------------------------------------------------------------------


def test_after_the_session_ended_it_is_sent_once_its_owner_is_back(visit, run, shop):
    page = visit(at(run))
    page.context.clear_cookies(name=re.compile("session"))
    complete(page)
    board = waiting(page, "You are signed out")
    assert geometry(page) == []
    board.get_by_role("link", name="Sign in").tap()
    sign_in(page, "otto")
    finds(page, f"Run {run.number} is completed: 40 g are booked.")
    assert grams(run.transactions) == ONCE
    assert run.transactions.get().performed_by == shop.otto


def test_on_a_shared_tablet_nobody_sends_what_somebody_else_pressed(visit, run, shop):
    page = visit(at(run))
    page.context.clear_cookies(name=re.compile("session"))
    complete(page)
    waiting(page, "You are signed out")
    other = page.context.new_page()
    other.goto("/floor/")
    sign_in(other, "mona")
    board = waiting(other, "Entries of Otto Operator are waiting too")
    assert run.number not in board.inner_text()
    page.evaluate("dispatchEvent(new Event('online'))")  # Otto's tab, but Mona's session
    waiting(page, "You are signed out")
    assert grams(run.transactions) == []
    in_menu(other, "Sign out").tap()
    other.wait_for_url("**/login/**")
    other.goto("/floor/")
    sign_in(other, "otto")
    none_waits(other)
    assert run.transactions.get().performed_by == shop.otto


def test_who_signs_out_leaves_no_page_behind(visit, run):
    page = visit(service_workers="allow")
    looked_after(page)
    page.goto(at(run))
    of_people = "caches.keys().then((names) => names.filter((name) => name !== 'floor-files'))"
    comes_true(page, f"(await {of_people}).length === 1")
    in_menu(page, "Sign out").tap()
    page.wait_for_url("**/login/**")
    comes_true(page, f"(await {of_people}).length === 0")


def test_the_next_person_does_not_see_the_pages_of_the_one_before(visit, run, shop):
    page = visit(service_workers="allow")
    looked_after(page)
    page.goto(at(run))
    is_cached(page)
    page.context.clear_cookies()
    page.context.add_cookies([session_of(shop, "mona")])
    page.goto("/floor/find/")
    comes_true(page, f"!(await caches.match('{at(run)}'))")
