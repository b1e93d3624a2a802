"""What a token may at every address of the API, by its scope: derived from the table of roles."""

import re

import pytest
from django.db import transaction
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from tenants.accounts import scopes
from tests.config.routes import NOWHERE, routes
from tests.config.test_roles import API, parsed
from tests.conftest import FarmAPIClient
from tests.factories import make_token

NARROWEST = {"v": scopes.READ, "o": scopes.FLOOR, "m": scopes.ALL}  # by the least role
# For every role, but with the scope all.
FULL_SCOPE = (
    "/api/v1/tokens/",
    "/api/v1/tokens/{pk}/",
    "/api/v1/me/password/",
    "/api/v1/settings/",
)
OPEN = {("/api/v1/tokens/", "post")}  # with a password, whatever token comes with it
ORDER = list(scopes.WIDENING)


def rows():
    """``(path, method, narrowest scope)`` of every method of every address."""
    for path, letters in parsed(API).items():
        for method, letter in letters.items():
            if letter != "." and (path, method.lower()) not in OPEN:
                narrowest = scopes.ALL if path in FULL_SCOPE else NARROWEST[letter]
                yield path, method.lower(), narrowest


def is_included(scope, narrowest):
    return scope in ORDER and ORDER.index(scope) >= ORDER.index(narrowest)


@pytest.fixture
def programs(manager):
    """A program of a manager with a token of each scope."""
    made = {}
    for scope, _label in scopes.CHOICES:
        made[scope] = FarmAPIClient(host="alpha.localhost")
        made[scope].credentials(HTTP_AUTHORIZATION=f"Token {make_token(manager, scope=scope)}")
    return made


def refusal_at(route, method, user):
    """What the permissions of an address answer to a user: None, or the error."""
    view = route.view.cls(**route.view.initkwargs)
    request = Request(APIRequestFactory().generic(method, "/"))
    request.user, view.kwargs = user, {}
    view.request, view.action_map = request, getattr(route.view, "actions", {})
    view.action = view.action_map.get(method)
    try:
        view.check_permissions(request)
    except PermissionDenied as error:
        return error


def test_at_every_address_a_token_may_what_its_scope_and_its_role_include(manager):
    known = {route.path: route for route in routes() if route.is_api and route.path != NOWHERE}
    assert {path for path, _, _ in rows()} == set(known)
    wrong = []
    for path, method, narrowest in rows():
        for scope, _label in scopes.CHOICES:
            manager.scope = scope
            error = refusal_at(known[path], method, manager)
            seen = (scope, narrowest) if error is None else tuple(error.members.values())
            if (error is None) != is_included(scope, narrowest) or seen != (scope, narrowest):
                wrong.append((path, method, scope, error))
    assert wrong == []


def test_requests_are_answered_so(programs):
    """At every fourteenth address: the narrowest scope that may, and each that may not."""
    wrong = []
    for path, method, narrowest in list(rows())[::14]:
        address = re.sub(r"\{\w+\}", str(10**17), path)
        for scope in {narrowest, *programs} - set(ORDER[ORDER.index(narrowest) + 1 :]):
            status, code = answer_of(programs[scope], method, address)
            is_refused = (status, code) == (403, "insufficient_scope")
            if status >= 500 or status == 401 or is_refused == (scope == narrowest):
                wrong.append((path, method, scope, status, code))
    assert wrong == []


def answer_of(client, method, address):
    """Status and code; the effects are rolled back."""
    with transaction.atomic():
        answer = getattr(client, method)(address)
        transaction.set_rollback(True)
    is_problem = answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else ""


def test_a_refusal_names_the_scope_of_the_token_and_the_one_needed(programs):
    refused = programs["read"].post("/api/v1/locations/", {"name": "Shelf"}).json()
    assert refused["detail"] == (
        "This takes a token with the scope floor; this one has the scope read."
    )
    refused = programs["printer"].get("/api/v1/me/").json()
    assert refused["detail"].startswith("A token with the scope printer is for the addresses of")
