"""A search of a thousand words, each looked for in every row, kept a process busy for long."""

import pytest

from inventory.models import Filament
from tests.config.routes import routes
from tests.factories import a_filament

TWENTY_WORDS = "+".join("a" * 20)
LISTS = ["inventory/spool", "inventory/filament", "production/productionrun", "accounts/user"]


def searched():
    """Each list of the API that can be searched and is not below another row."""
    for route in routes():
        actions = getattr(route.view, "actions", {})
        if actions.get("get") == "list" and not route.words:
            view = route.view.cls(**route.view.initkwargs)
            view.action, view.format_kwarg, view.request, view.kwargs = "list", None, None, {}
            if "search" in view.known_parameters():
                yield route.path


@pytest.mark.parametrize("path", searched())
def test_the_api_refuses_more_words_than_anybody_types(api_client, manager, path):
    api_client.force_login(manager)
    assert api_client.get(f"{path}?search={TWENTY_WORDS}").status_code == 200
    answer = api_client.get(f"{path}?search={TWENTY_WORDS}+a")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "too_many_words")
    assert problem["errors"] == {"search": ["A search has at most 20 words."]}


@pytest.mark.parametrize("page", LISTS)
def test_so_does_the_admin(as_manager, page):
    assert b"at most 20 words" not in as_manager.get(f"/admin/{page}/?q={TWENTY_WORDS}").content
    assert b"at most 20 words" in as_manager.get(f"/admin/{page}/?q={TWENTY_WORDS}+a").content


def test_so_do_its_suggestions(as_manager):
    name = " ".join("a" * 21)
    a_filament(name)
    assert Filament.objects.filter(name=name).exists()
    query = "app_label=inventory&model_name=spool&field_name=filament&term="
    few = as_manager.get(f"/admin/autocomplete/?{query}{TWENTY_WORDS}").json()
    many = as_manager.get(f"/admin/autocomplete/?{query}{TWENTY_WORDS}+a").json()
    assert (len(few["results"]), len(many["results"])) == (1, 0)
