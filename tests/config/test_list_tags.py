"""A list that is as it was is answered with 304, and never one that has changed."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tenants.utils import tenant_context

from config.database import base
from inventory.models import Location
from production.api.runs import ProductionRunViewSet
from production.models import ProductionRun, conditions
from tenants.api import json_rows, list_tags
from tests.conftest import FarmAPIClient, go_to, program_of
from tests.factories import a_running_run, a_spool, make_token, make_user
from tests.responses import done, results

LOCATIONS, RUNS = "/api/v1/locations/", "/api/v1/production-runs/"
SET = "UPDATE inventory_location SET comment = %s WHERE id = %s"
WRITES = 8
FIND = base.FIND


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    list_tags._read.clear()


@pytest.fixture
def place(farm):
    return Location.objects.create(name="Shelf 1")


@pytest.fixture
def places(committed_farm):
    return [Location.objects.create(name=f"Shelf {n}", comment="0") for n in range(2)]


@pytest.fixture
def program(committed_farm):
    found = program_of(committed_farm, make_user(role="viewer"))
    found.get("/api/v1/me/")  # whichever farm the connection served before
    return found


@pytest.fixture
def other(committed_farm):
    """A second connection, in the same farm."""
    with closing(connection.copy()) as session:
        session.set_tenant(committed_farm)
        yield session.cursor()


def again(client, answer, address=LOCATIONS, **headers):
    return client.get(address, headers={"If-None-Match": answer["ETag"], **headers})


def test_what_is_as_it_was_is_not_sent_again(api, place):
    first = api.get(LOCATIONS)
    answer = again(api, first)
    assert (answer.status_code, answer.content) == (304, b"")
    same = ("ETag", "Vary", "Cache-Control")
    assert [answer[each] for each in same] == [first[each] for each in same]
    assert "Content-Length" not in answer


@pytest.mark.parametrize("given", ["W/{}", '"1", {}', "*"])
def test_one_of_several_tags_is_enough(api, place, given):
    tag = api.get(LOCATIONS)["ETag"]
    answer = api.get(LOCATIONS, headers={"If-None-Match": given.format(tag)})
    assert answer.status_code == 304


@pytest.mark.parametrize("given", ["", "nonsense", '"1"', 'W/""', '""'])
def test_other_tags_are_no_reason(api, place, given):
    answer = api.get(LOCATIONS, headers={"If-None-Match": given})
    assert results(answer)


def test_what_has_changed_is_sent(api, place):
    first = api.get(LOCATIONS)
    Location.objects.update(comment="dry")
    answer = again(api, first)
    assert [row["comment"] for row in results(answer)] == ["dry"]
    assert answer["ETag"] != first["ETag"]


def test_another_page_has_another_tag(api, place):
    first = api.get(LOCATIONS)
    assert done(again(api, first, f"{LOCATIONS}?page_size=1"))["page_size"] == 1


def test_rows_and_csv_are_sent_always(api, place):
    first = api.get(LOCATIONS)
    assert "ETag" not in api.get(f"{LOCATIONS}{place.pk}/")
    assert again(api, first, f"{LOCATIONS}?format=csv").status_code == 200


def test_who_may_not_read_learns_nothing(farm, api, place):
    first = api.get(LOCATIONS)
    stranger = FarmAPIClient(host="alpha.localhost")
    assert again(stranger, first).status_code == 401
    token = make_token(make_user(role="viewer"), scope="printer")
    assert again(stranger, first, Authorization=f"Token {token}").status_code == 403


def is_read_again(client, answer, address, monkeypatch, *, snapshot="1:1:", later="0"):
    """Whether rows are read for an answer 304, if PostgreSQL says that it is in a snapshot, so much
    later."""
    monkeypatch.setattr(base, "SNAPSHOT", f"'{snapshot}'")
    began_at = f"statement_timestamp() + interval '{later}'"
    monkeypatch.setattr(base, "FIND", FIND.replace("statement_timestamp()", began_at))
    with CaptureQueriesContext(connection) as queries:
        assert again(client, answer, address).status_code == 304
    return any("row_to_json" in each["sql"] for each in queries)


def test_nothing_is_read_in_the_same_snapshot(program, places, monkeypatch):
    monkeypatch.setattr(base, "SNAPSHOT", "'1:1:'")
    answer = program.get(LOCATIONS)
    asked = program, answer, LOCATIONS, monkeypatch
    assert not is_read_again(*asked)
    assert not is_read_again(*asked, later="10 years")
    assert is_read_again(*asked, snapshot="1:2:")


def test_what_the_clock_changes_is_read_when_it_does(program, committed_farm, monkeypatch):
    run = a_running_run((a_spool(1000), 10))
    monkeypatch.setattr(base, "SNAPSHOT", "'1:1:'")
    asked = program, program.get(RUNS), RUNS, monkeypatch
    assert not is_read_again(*asked, later="10 years")  # nothing is finished
    ProductionRun.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    asked = program, program.get(RUNS), RUNS, monkeypatch
    assert not is_read_again(*asked, later="11 hours")
    assert is_read_again(*asked, later="13 hours")
    assert is_read_again(*asked, later="-1 hour")  # the clock was put right


def test_the_clock_changes_nothing_else_of_a_run(committed_farm):
    sql = json_rows._page_sql(ProductionRunViewSet, 0, 50)
    found = [sql[: each.start()] for each in json_rows.CLOCK.finditer(sql)]
    *of_rows, since, of_period = found
    assert all(each.endswith('"finished_at" >= (STATEMENT') for each in of_rows)
    assert since.endswith(" statement")
    assert of_period.endswith('"finished_at" >= (STATEMENT')
    finished_at = timezone.now() - timedelta(hours=11)
    run = a_running_run((a_spool(1000), 10))
    fields = {"started_at": finished_at, "finished_at": finished_at}
    ProductionRun.objects.filter(pk=run.pk).update(**fields)
    assert conditions.changes_at().get()["at"] == finished_at + timedelta(hours=12)


def test_a_snapshot_is_of_one_farm_and_one_address(program, places, committed_farms):
    first = program.get(LOCATIONS)
    there = committed_farms[1]
    with tenant_context(there):
        person = make_user(role="viewer")
        Location.objects.create(name="Elsewhere")
    answer = again(program_of(there, person), first)
    assert [row["name"] for row in results(answer)] == ["Elsewhere"]


def test_what_was_being_written_is_sent_once_it_is_committed(program, places, other):
    other.execute("BEGIN")
    other.execute(SET, ["dry", places[0].pk])
    first = program.get(LOCATIONS)
    assert again(program, first).status_code == 304  # which is remembered
    other.execute("COMMIT")
    assert "dry" in {row["comment"] for row in results(again(program, first))}


def test_no_answer_is_older_than_what_was_committed_before_the_request(
    program, places, committed_farm
):
    committed = dict.fromkeys((place.pk for place in places), 0)

    def write(pk):
        with closing(connection.copy()) as session:
            session.set_tenant(committed_farm)
            for number in range(1, WRITES):
                session.cursor().execute(SET, [str(number), pk])
                committed[pk] = number

    threads = [threading.Thread(target=write, args=[place.pk]) for place in places]
    for thread in threads:
        thread.start()
    answer, rows, is_over = None, {}, False
    while not is_over:
        is_over = not any(thread.is_alive() for thread in threads)
        before = dict(committed)
        latest = again(program, answer) if answer else program.get(LOCATIONS)
        if latest.status_code == 200:
            answer, rows = latest, {row["id"]: row for row in results(latest)}
        assert all(int(rows[pk]["comment"]) >= number for pk, number in before.items())
    go_to(committed_farm)
    assert {int(row["comment"]) for row in rows.values()} == {WRITES - 1}
