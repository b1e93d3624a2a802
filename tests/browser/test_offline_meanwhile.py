"""What others did while a form waited for the network is not overwritten by it."""

from datetime import timedelta

from django.utils import timezone

from inventory.services.spools import consumption
from production.services.printing import midprint
from tests.browser.offline_helpers import (
    age,
    at,
    in_another_tab,
    none_waits,
    offline,
    waiting,
    why_not,
)
from tests.browser.page_checks import barriers, finds, geometry
from tests.factories import a_printer, a_running_run, a_spool


def test_a_weight_that_waited_asks_whether_it_was_before_what_others_booked(visit, shop):
    spool = a_spool(at=timezone.now() - timedelta(hours=5))
    page = visit(f"/floor/spools/{spool.pk}/weigh/")
    offline(page)
    page.get_by_label("The scale shows").fill("1180")
    page.get_by_role("button", name="Save the weight").tap()
    waiting(page, "1180")
    age(page, 4)
    consumption.use(spool, grams=40, by=shop.mona)
    page = in_another_tab(page)
    page.goto("/floor/")
    why_not(page, "the later entries stay on top of this weight")
    page.get_by_role("button", name="Open and try again").tap()
    finds(page, "When was it weighed?")
    assert geometry(page) == []
    assert barriers(page) == []
    page.get_by_text("before those entries").tap()
    page.get_by_role("button", name="Save the weight").tap()
    finds(page, "940 g are on the spool, −20 g against the book.")
    none_waits(page)


def test_a_page_that_is_left_loses_nothing_that_is_refused_at_that_moment(visit, shop):
    page = visit(f"/floor/spools/{a_spool().pk}/weigh/")
    offline(page)
    page.get_by_label("The scale shows").fill("400")
    page.get_by_role("button", name="Save the weight").tap()
    waiting(page, "400")
    leave = "dispatchEvent(new PageTransitionEvent('pagehide'))"
    page.route("**/weigh/", lambda route: (page.evaluate(leave), route.fallback()))
    with page.expect_response("**/weigh/") as refused:
        offline(page, False)
    assert refused.value.status == 409
    page.evaluate("navigator.locks.request('spoolbook-waiting', () => {})")  # it is dealt with
    page = in_another_tab(page)
    page.goto("/floor/")
    why_not(page, "g")


def test_labels_that_were_scanned_stay_though_something_that_waited_is_done(visit, shop):
    run = a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    page = visit(at(run))
    offline(page)
    page.get_by_role("button", name="Complete as planned").tap()
    waiting(page, run.number)
    page = in_another_tab(page)
    page.route("**/complete-as-planned/", lambda route: route.abort())
    page.goto(f"/floor/receive/{shop.sample.filament.pk}/")
    page.get_by_text("They have blank labels").tap()
    field = page.get_by_label("Labels on them already")
    field.press_sequentially("ABC\n")
    page.unroute("**/complete-as-planned/")
    page.evaluate("dispatchEvent(new Event('online'))")
    finds(page, f"Run {run.number} is completed: 40 g are booked.")
    assert field.input_value() == "ABC\n"


def only_looked_at(route):
    return route.abort() if route.request.method == "POST" else route.fallback()


def test_who_goes_back_to_a_page_that_was_sent_gets_it_fresh(visit, shop):
    page = visit(f"/floor/spools/{a_spool().pk}/weigh/")
    back = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    page.evaluate(f"window.seen = true; {back}")
    assert page.evaluate("window.seen")  # nothing was sent: what was typed stays
    page.watch.is_offline = True
    page.route("**/weigh/", only_looked_at)
    page.get_by_label("The scale shows").fill("1190")
    page.get_by_role("button", name="Save the weight").tap()
    waiting(page, "1190")
    page.evaluate(back)
    page.wait_for_function("() => !window.seen")


def test_what_waited_comes_back_where_somebody_did_something_else_to_the_run(visit, shop):
    run = a_running_run((a_spool(), 40), printer=a_printer(), by=shop.otto)
    page = visit(at(run, "note/"))
    offline(page)
    page.get_by_label("How far is it?").fill("30")
    page.get_by_role("button", name="Save these figures").tap()
    waiting(page, "30")
    age(page, 4)
    midprint.progress(run, by=shop.mona, percent=60)
    offline(page, False)
    finds(page, "While this waited for the network, Mona Manager")
    assert page.get_by_label("How far is it?").input_value() == "30"
    none_waits(page)
    page.get_by_role("button", name="Save these figures").tap()
    finds(page, "nothing is booked yet")
    run.refresh_from_db()
    assert run.progress_percent == 30
