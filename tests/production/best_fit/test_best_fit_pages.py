"""The best fit on the floor and in the API."""

import re

import pytest

from tests.factories import a_spool, make_user
from tests.production.floor_helpers import page, page_after, touch
from tests.production.verbs.preparation import a_bare_line
from tests.queries import fresh

pytestmark = pytest.mark.usefixtures("farm")
FLOOR, API = "/floor/best-fit/", "/api/v1/best-fit/"


def test_what_is_ticked_is_reserved(floor):
    (line, spool), (other, _another) = a_bare_line(60), a_bare_line(70)
    text = page(floor.get(FLOOR))
    assert f'value="{line.pk}:{spool.pk}" checked' in text
    answer = touch(floor, FLOOR, take=f"{line.pk}:{spool.pk}")
    assert "1 run has its spools." in page_after(floor, answer)
    assert (fresh(line).spool, fresh(line).reserved_grams, fresh(other).spool) == (spool, 60, None)


def test_what_one_press_took_is_undone_by_one(floor):
    (line, spool), (other, another) = a_bare_line(60), a_bare_line(70)
    ticked = [f"{line.pk}:{spool.pk}", f"{other.pk}:{another.pk}"]
    text = page_after(floor, touch(floor, FLOOR, take=ticked))
    assert "Your last: chose spools for 2 runs" in " ".join(text.split())
    [(address, event)] = re.findall(
        r'class="undo".*?action="(.+?)".*?name="event" value="(.+?)"', text, re.DOTALL
    )
    text = page_after(floor, touch(floor, address, event=event))
    assert "2 runs are without the spools that were chosen at once." in text
    assert [fresh(each).spool for each in (line, other)] == [None, None]


def test_what_cannot_be_taken_is_named_and_the_rest_done(floor):
    line, spool = a_bare_line(60)
    late, _another = a_bare_line(70)
    wrong = a_spool()
    ticked = [f"{line.pk}:{spool.pk}", f"{late.pk}:{wrong.pk}"]
    text = page_after(floor, touch(floor, FLOOR, take=ticked))
    assert "1 run has its spools." in text
    assert f"Spool {wrong.code} holds" in text
    assert (fresh(line).spool, fresh(late).spool) == (spool, None)


@pytest.mark.parametrize("take", ["", "1", "x:y", "1:-2", "9" * 30 + ":1", "²:1"])
def test_what_cannot_be_read_is_refused(floor, take):
    assert touch(floor, FLOOR, take=take).status_code == 400
    assert touch(floor, FLOOR).status_code == 400


@pytest.mark.parametrize("days", ["99", "0", "x", "-1", "7.5", "²", "9" * 30])
def test_what_is_no_number_of_days_is_named(floor, days):
    line, spool = a_bare_line(60)
    text = page(floor.get(FLOOR, {"days": days}), status=400)
    assert f"“{days}” is not a number of days from 1 to 60: here are 7." in text
    assert f'value="{line.pk}:{spool.pk}" checked' in text
    assert floor.get(FLOOR, {"days": "60"}).status_code == 200


def test_a_viewer_sees_it_and_takes_nothing(farm_client):
    line, spool = a_bare_line()
    as_viewer = farm_client
    as_viewer.force_login(make_user(role="viewer"))
    assert "Reserve what is ticked" not in page(as_viewer.get(FLOOR))
    assert touch(as_viewer, FLOOR, take=f"{line.pk}:{spool.pk}").status_code == 403


def test_programs_read_and_take_it(api):
    line, spool = a_bare_line(60)
    found = api.get(API, {"days": 3}).json()
    [proposal] = found["proposals"]
    assert (found["days"], found["run_count"], found["is_cut"]) == (3, 1, False)
    assert proposal["spools"] == [
        {
            "spool": spool.pk,
            "code": spool.code,
            "grams": "60.000000",
            "left_grams": "940.000000",
        }
    ]
    chosen = {"material": proposal["material"], "spools": [spool.pk]}
    first = api.post(API, {"proposals": [chosen]}).json()
    again = api.post(API, {"proposals": [chosen]}).json()
    assert first["runs"] == [
        {"run": line.run_id, "number": line.run.number, "materials": [line.pk], "refusal": None}
    ]
    assert again["runs"][0]["refusal"]["code"] == "already_has_spool"


@pytest.mark.parametrize("days", ["0", "61", "x"])
def test_days_out_of_range_are_refused(api, days):
    assert api.get(API, {"days": days}).status_code == 400


def test_a_line_is_named_once(api):
    line, spool = a_bare_line()
    chosen = {"material": line.pk, "spools": [spool.pk]}
    answer = api.post(API, {"proposals": [chosen, chosen]})
    assert (answer.status_code, fresh(line).spool) == (400, None)
