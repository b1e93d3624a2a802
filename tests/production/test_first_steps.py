"""The first steps of a new farm, on its front page, until they are done or hidden."""

import pytest
from django.urls import resolve

from inventory.models import Location
from tenants.accounts.models import AuditEvent, FarmSettings
from tenants.site.first_steps import DO, DONE, NEXT, first_steps
from tests.factories import a_material_type, a_printer, a_product, a_run, a_spool, make_user
from tests.queries import queries_of

resolve("/")  # with the pages of the admin, which register their steps

pytestmark = pytest.mark.usefixtures("farm")
STEPS = ["farm", "rates", "materials", "printers", "locations", "spools", "address", "products"]
STEPS += ["people", "runs"]


def states(user):
    return {each.step.name: each.state for each in first_steps(user)}


@pytest.fixture
def bare_settings():
    FarmSettings.objects.update(timezone="UTC", address="", machine_hour_rate=0)
    FarmSettings.objects.update(labour_rate=0, energy_price_kwh=0)
    AuditEvent.objects.filter(object_type="accounts.farmsettings").delete()
    return FarmSettings.objects


def test_each_step_is_done_by_what_there_is(manager, bare_settings):
    assert list(states(manager)) == STEPS
    assert states(manager) == dict.fromkeys(STEPS, DO) | {"farm": NEXT}
    a_material_type()
    bare_settings.update(timezone="Europe/Berlin", labour_rate=14)
    assert states(manager)["printers"] == NEXT
    Location.objects.create(name="Shelf A")
    bare_settings.update(address="https://farm.example.com")
    a_printer(), a_spool(), a_product(), make_user()
    assert states(manager) == dict.fromkeys(STEPS, DONE) | {"runs": NEXT}
    a_run()
    assert first_steps(manager) == []


def test_a_step_that_is_done_later_does_not_wait(manager, bare_settings):
    a_spool()
    assert (states(manager)["spools"], states(manager)["farm"]) == (DONE, NEXT)


def test_people_see_what_they_may_do(manager, operator, bare_settings):
    shown = {
        each.step.name: [action.label for action in each.actions] for each in first_steps(operator)
    }
    assert shown["farm"] == []
    assert shown["spools"] == ["Import a file", "Receive spools"]
    assert states(operator)["farm"] == DO
    for each in first_steps(manager):
        assert each.state == DONE or all(action.url for action in each.actions)


def test_they_are_on_the_front_page_and_hidden_by_a_manager(as_manager, bare_settings):
    text = as_manager.get("/").content.decode()
    assert "0 of 10 are done" in text
    assert "Fill the shelf" in text
    assert "First steps: 0 of 10" in as_manager.get("/admin/").content.decode()
    assert as_manager.post("/")["Location"] == "/"
    assert bare_settings.get().first_steps_hidden
    assert "Fill the shelf" not in as_manager.get("/").content.decode()
    assert AuditEvent.objects.filter(object_type="accounts.farmsettings").count() == 1


def test_who_is_no_manager_hides_nothing(farm_client, operator, bare_settings):
    farm_client.force_login(operator)
    assert farm_client.post("/").status_code == 403
    assert not bare_settings.get().first_steps_hidden


def test_it_takes_one_query(manager, bare_settings):
    manager.has_perm("production.add_printer")
    assert queries_of(lambda: first_steps(manager)) == 1
