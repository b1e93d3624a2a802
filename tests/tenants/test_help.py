"""The documentation as it is served, and what the pages' "?" lead to."""

import re

import pytest
from django.urls import get_resolver, resolve, reverse

from tenants.help import pages
from tenants.help.topics import LIST, address_of, topic_of
from tenants.site.site import farm_site

FARM, PUBLIC = "config.urls", "config.urls_public"


def views_of(patterns):
    for each in patterns:
        if hasattr(each, "url_patterns"):
            yield from views_of(each.url_patterns)
        else:
            yield each


class Match:
    def __init__(self, func):
        self.func = func


@pytest.mark.parametrize("urlconf", [FARM, PUBLIC])
def test_the_help_of_every_page_is_a_heading_that_is_there(urlconf):
    topics = {
        topic_of(Match(each.callback)) for each in views_of(get_resolver(urlconf).url_patterns)
    }
    assert len(topics) > (1 if urlconf == PUBLIC else 30)
    for topic in topics - {LIST}:
        name, _, heading = topic.partition("#")
        assert not heading or heading in pages.page(name).anchors, topic


def test_all_rows_of_the_admin_have_a_section_of_their_own():
    headings = {pages.slug(model._meta.verbose_name_plural) for model in farm_site._registry}
    assert headings <= pages.page("admin").anchors


def test_each_page_of_rows_leads_to_a_section_not_only_to_a_page():
    without = {
        str(each.pattern)
        for each in views_of(get_resolver(FARM).url_patterns)
        if hasattr(each.callback, "model_admin") or hasattr(each.callback, "cls")
        if "#" not in topic_of(Match(each.callback))
    }
    assert without == set()


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/", "admin#the-front-page"),
        ("/admin/", "admin#today"),
        ("/admin/inventory/spool/1/weigh/", "admin#spools"),
        ("/admin/inventory/spool/labels/", "admin#spools"),
        ("/admin/inventory/filament/import/", "admin#filaments"),
        ("/admin/production/productionrun/1/start/", "admin#production-runs"),
        ("/admin/accounts/backup/1/restore/", "admin#backups"),
        ("/admin/accounts/backup/now/", "admin#backups"),
        ("/floor/", "floor#the-board"),
        ("/floor/runs/1/complete/", "floor#completing-a-run"),
        ("/floor/runs/1/swap/1/", "floor#while-a-run-prints"),
        ("/admin/password_change/", "admin#your-account"),
        ("/api/v1/spools/", "api#spools"),
        ("/api/v1/", "api#api-recipes"),
        ("/api/v1/docs/", "api#api-recipes"),
        ("/api/v1/printers/", "api#printers-and-slots"),
        ("/api/v1/printers/1/slots/", "api#printers-and-slots"),
        ("/api/v1/me/", "api#people-and-settings"),
        ("/api/v1/nothing/", "api#errors"),
        ("/help/", LIST),
        ("/help/api/", LIST),
    ],
)
def test_a_page_leads_to_its_piece(path, topic):
    assert topic_of(resolve(path)) == topic


def test_every_page_shows_its_help(as_manager):
    for path, topic in {
        "/admin/inventory/spool/": "admin#spools",
        "/floor/queue/": "floor#the-board",
        "/api/v1/spools/?format=api": "api#spools",
    }.items():
        response = as_manager.get(path, headers={"accept": "text/html"})
        assert f'href="{address_of(topic)}"' in response.text, path


def test_links_and_pictures_lead_to_what_is_served(as_manager):
    for name in pages.names():
        page = as_manager.get(reverse("help-page", args=[name]))
        assert page.status_code == 200
        html = pages.page(name).html
        for address in re.findall(r'href="([^"]+)"', html):
            if address.startswith("http"):
                continue
            target, _, anchor = address.partition("#")
            served = pages.page(resolve(target).kwargs["name"]) if target else pages.page(name)
            assert not anchor or anchor in served.anchors, (name, address)
        for address in re.findall(r'src="([^"]+)"', html):
            assert re.fullmatch(r"/static/docs/[\w-]+(\.\w+)?\.(png|svg)", address), address


def test_what_is_no_page_is_not_found_and_the_list_is_for_members(as_manager):
    assert all(f'href="/help/{name}/"' in as_manager.get("/help/").text for name in pages.names())
    for path in ("/help/nothing/", "/help/0001-one-schema/"):
        assert as_manager.get(path).status_code == 404
    as_manager.logout()
    assert as_manager.get("/help/").status_code == 302
