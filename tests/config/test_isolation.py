"""Farms apart: every address with every method, for nobody, for people and programs of another
farm, and for what belongs to another farm.

All of it comes from the site's map: a new address is tried without a word here, or fails for want
of a row that it could name (``routes.ROWS``).
"""

import itertools
import re

import pytest
from django_tenants.utils import tenant_context

from inventory import codes
from inventory.models import Spool
from production.models import PrinterSlot, ProductionRun
from tenants.accounts import devices, floor_sessions, pins
from tests.budgets import IS_DEEP, some_of
from tests.config.two_farms import OURS, ROUTES, THEIRS, send
from tests.conftest import FarmAPIClient, FarmClient
from tests.factories import make_token, make_user

METHODS = ["get", "head", "options", "post", "put", "patch", "delete"]
# What no two answers have in common: whose they are, tokens against forgery, lengths, the second.
VARYING = re.compile(
    r"[0-9a-f-]{32,36}|[A-Za-z0-9]{64}|'Content-Length': '\d+'|\d\d \w{3} \d{4} [\d:]{8} GMT"
)
VALUES = re.compile(r"'[^']*'|\d+|\bNULL\b")

# What answers to everybody, and holds nothing of the farm but its name.
OPEN = {
    ("/accounts/login/", "get"),
    ("/accounts/login/", "head"),
    ("/accounts/login/", "options"),
    ("/accounts/login/", "post"),
    ("/accounts/login/", "put"),  # Django takes it for a POST
    ("/accounts/logout/", "options"),
    ("/admin/logout/", "options"),
    ("/floor/who/", "options"),
}
SIGN_INS = ("/accounts/login/", "/admin/login/")


def is_sign_in(answer):
    target = answer.get("Location", "")
    return answer.status_code == 302 and (target.startswith(SIGN_INS) or target == "/admin/")


# --- Who is not of the farm ----------------------------------------------------------------------


def nobody(stranger, other_farm):
    return FarmAPIClient(host="alpha.localhost")


def nobody_with_forms(stranger, other_farm):
    return FarmClient(host="alpha.localhost")


def session_of_another_farm(stranger, other_farm):
    browser = FarmAPIClient(host="beta.localhost")
    with tenant_context(other_farm):
        browser.force_login(stranger)
    assert browser.get("/api/v1/me/").status_code == 200
    browser.defaults["HTTP_HOST"] = "alpha.localhost"
    return browser


def token_of_another_farm(stranger, other_farm):
    program = FarmAPIClient(host="beta.localhost")
    with tenant_context(other_farm):
        program.credentials(HTTP_AUTHORIZATION=f"Token {make_token(stranger)}")
    assert program.get("/api/v1/me/").status_code == 200
    program.defaults["HTTP_HOST"] = "alpha.localhost"
    return program


def tablet_of_another_farm(stranger, other_farm):
    tablet = FarmClient(host="beta.localhost")
    with tenant_context(other_farm):
        _device, tablet.cookies[floor_sessions.COOKIE] = devices.register(name="Door", by=stranger)
        pins.set_pin(stranger, pin="8362", by=None)
    tablet.post("/floor/who/", {"person": stranger.pk, "pin": "8362"})
    assert tablet.get("/floor/").status_code == 200
    tablet.defaults["HTTP_HOST"] = "alpha.localhost"
    return tablet


def session_of_the_platform(stranger, other_farm):
    browser = FarmAPIClient(host="localhost")
    with tenant_context(type(other_farm)(schema_name="public")):
        browser.force_login(make_user(role="administrator"))
    assert browser.get("/admin/").status_code == 200
    browser.defaults["HTTP_HOST"] = "alpha.localhost"
    return browser


KINDS = [
    nobody,
    nobody_with_forms,
    session_of_another_farm,
    token_of_another_farm,
    tablet_of_another_farm,
    session_of_the_platform,
]


@pytest.mark.parametrize("whose", KINDS, ids=lambda made: made.__name__)
def test_who_is_not_of_the_farm_gets_nothing_of_it(both, stranger, other_farm, whose):
    client, wrong = whose(stranger, other_farm), []
    for number, route in enumerate(ROUTES):
        count = 2 if whose is nobody else 1
        for method in some_of(METHODS, number + KINDS.index(whose), count=count):
            answer = send(client, method, route.address(*both[0][route.path]))
            if not is_refused(route.path, method, answer) or OURS.encode() in answer.everything:
                wrong.append((route.path, method, answer.status_code))
    assert wrong == []


def is_refused(path, method, answer):
    if (path, method) == ("/api/v1/tokens/", "post"):
        return answer.status_code in (400, 401, 415)  # asks for a password instead
    if path.startswith("/api/v1/"):
        return answer.status_code == 401
    return answer.status_code in (404, 405) or is_sign_in(answer) or (path, method) in OPEN


# --- What is not of the farm ---------------------------------------------------------------------


NEVER = {"s": codes.generate(), "p": codes.generate(), "r": "ZEBRA-20010101-001"}


def nobodys(word):
    """As the id of a row of another farm, of none."""
    return NEVER.get(word, 10**17)


def mixed(route, ours, theirs):
    """The ids of a route with one or more of them of the other farm; and the same with nobody's."""
    never = [nobodys(word) for word in route.words]
    rows = list(zip(ours[route.path], theirs[route.path], never, strict=True))
    for choice in itertools.product((False, True), repeat=len(rows)):
        some = list(zip(rows, choice, strict=True))
        ids = [row[1] if is_theirs else row[0] for row, is_theirs in some]
        if ids != ours[route.path]:
            yield ids, [row[2] if is_theirs else row[0] for row, is_theirs in some]


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("is_api", [True, False], ids=["api", "pages"])
def test_an_id_of_another_farm_is_nobodys(both, manager, is_api, part):
    """As it is for who guesses: the answer, and the queries for it, are those
    for an id that never was."""
    client, wrong = (FarmAPIClient if is_api else FarmClient)(host="alpha.localhost"), []
    client.force_login(manager)
    tried = [
        (route, method)
        for route in ROUTES
        for method in getattr(route.view, "actions", ["get", "post"])
        if route.is_api == is_api and method != "head"
    ]
    half = len(tried) // 2 + 1
    for number, (route, method) in enumerate(tried[part * half :][:half]):
        for theirs, never in mixed(route, *both):
            answer = send(client, method, route.address(*theirs))
            if not is_missed(route, answer) or THEIRS.encode() in answer.everything:
                wrong.append((route.path, method, answer.status_code))
            if IS_DEEP or number % 2:
                guessed = send(client, method, route.address(*never))
                if comparable(answer, theirs) != comparable(guessed, never):
                    wrong.append(
                        (route.path, method, comparable(answer, theirs), comparable(guessed, never))
                    )
    assert wrong == []


PRINTED = {  # what prints the rows that its address names, one after the other
    "/api/v1/spools/labels/": ("ids", Spool),
    "/admin/inventory/spool/labels/": ("as=pdf&ids", Spool),
    "/admin/production/printerslot/labels/": ("as=pdf&ids", PrinterSlot),
    "/admin/production/productionrun/travellers/": ("ids", ProductionRun),
}


@pytest.mark.parametrize("path", PRINTED)
def test_no_paper_is_printed_of_another_farm(farm_client, other_farm, both, manager, path):
    name, model = PRINTED[path]
    with tenant_context(other_farm):
        theirs = model.objects.last().pk
    farm_client.force_login(manager)
    assert send(farm_client, "get", f"{path}?{name}={model.objects.last().pk}").is_pdf
    answer = send(farm_client, "get", f"{path}?{name}={theirs}")
    assert not answer.is_pdf
    assert THEIRS.encode() not in answer.everything


def test_a_label_of_another_farm_is_not_found_by_scanning_or_typing_it(
    farm_client, api_client, other_farm, both, manager
):
    with tenant_context(other_farm):
        run, codes_there = ProductionRun.objects.last().number, [Spool.objects.last().code]
    for client in (farm_client, api_client):
        client.force_login(manager)
    for text in (run, *codes_there, f"https://beta.localhost/S/{codes_there[0]}"):
        scanned = send(api_client, "post", "/api/v1/scan/", {"text": text})
        found = send(farm_client, "get", f"/floor/find/?code={text}")
        assert (scanned.status_code, found.status_code) == (200, 404)
        assert THEIRS.encode() not in scanned.everything + found.everything


def is_missed(route, answer):
    if route.is_api:
        return answer.status_code in (404, 405)
    return answer.status_code in (302, 400, 403, 404, 405)


def comparable(answer, ids):
    """The part of an answer, and of its queries, that must not depend on whose the id is."""
    text = answer.everything.decode(errors="replace")
    ids = sorted(map(str, ids), key=len, reverse=True)
    for each in ids:
        text = text.replace(each, "ID") if len(each) == 64 else text  # a hash
    text = VARYING.sub("", text)
    for each in ids:
        text = text.replace(each, "ID")
    return answer.status_code, text, [VALUES.sub("?", each) for each in answer.statements]
