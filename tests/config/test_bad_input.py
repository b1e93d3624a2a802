"""What should never be sent, sent everywhere: no input makes a 500, and each error says why."""

import itertools
import json
import re

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.exceptions import ValidationError

from tenants.web.throttle_counts import counts
from tests.budgets import IS_DEEP, some_of
from tests.config.routes import NOWHERE, routes
from tests.conftest import FarmAPIClient, FarmClient

ROUTES = [route for route in routes() if route.path != NOWHERE]
API = [route for route in ROUTES if route.is_api]
PAGES = [route for route in ROUTES if not route.is_api]
OF_VIEWS = [route for route in API if hasattr(route.view, "actions")]
WRITES = ("post", "put", "patch")
JSON, PROBLEM = "application/json", "application/problem+json"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def at(both, manager):
    """``at(route, method, query="", ids=None, **more)``: a request of the manager, rolled back.

    No answer is a fault of ours, and every refusal of the API is a problem, whatever the request.
    """
    program, browser = FarmAPIClient(host="alpha.localhost"), FarmClient(host="alpha.localhost")
    program.raise_request_exception = browser.raise_request_exception = False
    program.force_authenticate(manager)
    program.credentials(HTTP_AUTHORIZATION="Token forced")  # as who signs in sends one
    browser.force_login(manager)
    there, _ = both

    def ask(route, method, query="", *, ids=None, body="", kind=None, **headers):
        client = program if route.is_api else browser
        if client is browser and re.search("logout|leave", route.path):
            client.force_login(manager)
        counts.clear()
        address = route.address(*(ids or there[route.path])) + query
        kind = kind or (JSON if route.is_api else FORM)
        with transaction.atomic():
            answer = client.generic(method.upper(), address, body, kind, headers=headers)
            answer.content_read = content = b"".join(answer)
            transaction.set_rollback(True)
        summary = (method, address[:200], str(body)[:100], answer.status_code, content[:500])
        assert answer.status_code < 500, summary
        if route.is_api and answer.status_code >= 400 and method != "head":
            assert answer["Content-Type"] == PROBLEM, summary
            assert len(content) < 10_000, summary
        return answer

    return ask


def methods_of(route, of=WRITES):
    return [method for method in of if method in route.view.actions]


def each_write():
    return [(route, method) for route in OF_VIEWS for method in methods_of(route)]


def view_of(route, method):
    view = route.view.cls(**route.view.initkwargs)
    view.action, view.format_kwarg, view.request = route.view.actions[method], None, None
    view.kwargs = {}
    return view


# --- Bodies --------------------------------------------------------------------------------------

UNREADABLE = {
    "a brace": "{",
    "no text": b'{"name": "\xff"}',
    "latin-1": '{"name": "é"}'.encode("latin-1"),
    "not a number": '{"name": NaN}',
    "infinity": '{"name": -Infinity}',
    "a name twice": '{"name": "a", "name": "b"}',
    "NUL": '{"name": "\\u0000"}',
    "NUL in a name": '{"\\u0000": 1}',
    "half a pair": '{"name": "\\ud800"}',
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "5,000 digits": '{"name": ' + "9" * 5_000 + "}",
    "an exponent": '{"name": 1e99999999999999999999}',
    "a list": "[]",
    "a list of nothing": "[null]",
    "nothing": "null",
    "a word": '"x"',
    "a number": "1",
    "a field nobody knows": '{"unheard-of": 1}',
}


EVERYWHERE = ["a brace", "NUL", "a list", "nothing", "a field nobody knows"]


def test_a_body_that_can_not_be_read_is_400(at):
    for number, (route, method) in enumerate(each_write()):
        is_json = not route.path.endswith(("/import/", "/photos/", "/photo/"))
        for what in some_of(EVERYWHERE, number) if number % 40 else UNREADABLE:
            body = UNREADABLE[what]
            if route.path.endswith("/import-catalogue/") and what.startswith("a list"):
                continue  # it takes one, and names the error of each of its entries
            answer = at(route, method, body=body, **{"Idempotency-Key": "once"})
            expected = 400 if is_json else 415
            if route.path == "/api/v1/tokens/" and what.startswith("deep"):
                expected = 413  # from nobody it takes little
            assert answer.status_code == expected, (route.path, method, what)
            assert answer.json()["detail"]


VALUES = [
    None,
    10**30,
    "9" * 5000,
    "1e400",
    "9999-12-31T23:59:59-15:59",
    [{}],
    {"id": 10**30},
]
LIKELY = [-1, "1", "x" * 5000, "2999-12-31T23:59:59-15:59"]  # to get past its field


def test_no_value_of_any_field_makes_a_500(at):
    for number, (route, method) in enumerate(each_write()):
        fields = view_of(route, method).get_serializer().fields
        for value in some_of(VALUES, number):
            at(route, method, body=json.dumps(dict.fromkeys(fields, value)))
        for body in alone(fields, method, number):
            at(route, method, body=json.dumps(body))
        for place, (name, field) in enumerate(fields.items(), start=number):
            if inner := getattr(getattr(field, "child", None), "fields", None):
                for value in some_of(VALUES, place):
                    at(route, method, body=json.dumps({name: [dict.fromkeys(inner, value)]}))


def alone(fields, method, number):
    """Bodies of one field; what the fields themselves refuse, without the verb, in one body."""
    refused = {}
    for place, (name, field) in enumerate(fields.items(), start=number):
        for value in some_of(LIKELY, place) if is_enough(name, fields, method) else ():
            if IS_DEEP or is_taken(field, value):
                yield {name: value}
            else:
                refused[name] = value
    if refused:
        yield refused


def is_taken(field, value):
    try:
        field.run_validation(value)
    except ValidationError:
        return False
    return True


def is_enough(name, fields, method):
    """Whether a body may hold no more than this field, so that the verb is called with it."""
    needed = {each for each, field in fields.items() if field.required and method != "patch"}
    return not fields[name].read_only and needed <= {name}


CHARSETS = ["hex", "rot13", "utf-16", "undefined", "punycode", "latin-1", "nope", "é", ""]
ANY_TYPE = "/api/v1/sliced-files/"  # a file may be of any
HEADERS = ["a/b; x*=nope''A", "a/b; x*=undefined''A", "a/b; x*=é''A"]


def test_a_query_is_read_as_utf_8_whatever_charset_a_type_names(at):
    for number, route in enumerate(ROUTES if IS_DEEP else ROUTES[::4]):
        for charset in some_of(CHARSETS, number):
            named = {"Content-Type": f"{JSON}; charset={charset}"}
            assert at(route, "get", "?page=%C3%A9", **named).status_code != 415, route.path


def test_a_body_that_is_compressed_or_not_in_utf_8_is_415(at):
    for number, (route, method) in enumerate(each_write()):
        charset = some_of(CHARSETS, number)[0]
        for sent in ({"kind": f"{JSON}; charset={charset}"}, {"Content-Encoding": "gzip"}):
            answer = at(route, method, body="{}", **sent)
            summary = (answer.status_code, answer.json()["code"])
            assert summary == (415, "unsupported_encoding"), (route.path, sent)


def test_a_header_that_can_not_be_read_is_400(at):
    for number, route in enumerate(ROUTES):
        for value in some_of(HEADERS, number):
            for name in ("Content-Type", "Accept"):
                assert at(route, "get", **{name: value}).status_code == 400, (route.path, name)


def test_what_is_no_json_is_415_and_says_what_is_accepted(at):
    writes = [each for each in each_write() if each[0].path != ANY_TYPE or each[1] != "post"]
    for number, (route, method) in enumerate(writes):
        for kind in some_of([FORM, "x"], number):
            sent = {"body": "name=x", "kind": kind, "Idempotency-Key": "once"}
            answer = at(route, method, **sent)
            summary = answer.json()
            assert (answer.status_code, summary["code"]) == (415, "unsupported_media_type"), (
                route.path
            )
            assert answer["Accept"] == ", ".join(summary["accepted"])


def test_a_body_beyond_the_limit_is_413_with_the_numbers(at, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = settings.MAX_FILE_BYTES = 1000
    for route, method in each_write():
        answer = at(route, method, body="[" + " " * 1000)
        assert answer.status_code == 413
        assert (answer.json()["limit_bytes"], answer.json()["length_bytes"]) == (1000, 1001)


# --- Addresses and parameters --------------------------------------------------------------------

NUMBERS = ["0", 2**63]
IDS = [*NUMBERS, "-1", "x", "9" * 5000, "%00", "%ED%A0%80", "²"]


def test_an_id_that_can_not_be_one_is_nobodys(at, both):
    for number, route in enumerate(ROUTES):
        there = both[0][route.path]
        strangers = some_of(IDS, number)
        for position, strange in itertools.product(range(len(there)), strangers):
            ids = [*there[:position], strange, *there[position + 1 :]]
            if route.is_api and strange not in NUMBERS and len(there) == 1:
                continue  # as with two
            for method in ("get", "post") if strange in NUMBERS else ("get",):
                status = at(route, method, ids=ids).status_code
                assert status in (302, 303, 400, 403, 404, 405), (route.path, method, strange)


TEXTS = [
    "",
    "-1",
    "1.5",
    str(10**30),
    "9" * 5000,
    "NaN",
    "1e999",
    "%00",
    "%ED%A0%80",
    "%FF",
    "x" * 3000,
    "2026-01-01T00:00:00-23:35",
    "2026-01-01T00:00:00%2B15:60",
    "0000-00-00",
]
ALONE = ["0001-01-01", "9999-12-31", "0", str(10**18 - 1), "%25%5C'"]  # which some take
LISTS = r"/admin/[a-z]+/[a-z]+/|/admin/autocomplete/|/floor/find/"
FOR_ONE = r"/admin/production/productionrun/|/admin/autocomplete/|/floor/find/"
OF_THE_ADMIN = ["q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters"]
OF_THE_ADMIN += ["id", "id__in", "id__gt", "name", "status", "by", "next", "term", "code", "page"]
OF_THE_ADMIN += ["app_label", "model_name", "field_name", "created_at__gte", "created_at__year"]


def test_no_value_of_any_parameter_makes_a_500(at):
    for number, route in enumerate(OF_VIEWS):
        if "get" not in route.view.actions:
            continue
        parameters = view_of(route, "get").known_parameters()
        del parameters["format"]
        queries = [alike(parameters, text) for text in some_of(TEXTS, number)]
        for place, names in enumerate(of_a_kind(parameters), start=number):
            queries += [alike(names, text) for text in some_of(ALONE, place)]
        for query in queries:
            status = at(route, "get", f"?{query}").status_code
            assert status in (200, 400, 404), (route.path, query)
            assert "%00" not in query or status == 400


def alike(names, text):
    return "&".join(f"{name}={text}" for name in names)


def of_a_kind(parameters):
    """The names of the parameters, those together that take the same values."""
    kinds = {}
    for name, each in parameters.items():
        if name not in ("page", "page_size"):  # of which there is a test below
            kinds.setdefault(getattr(each, "field_class", name), []).append(name)
    return kinds.values()


@pytest.mark.parametrize("part", range(2))
def test_no_parameter_of_a_page_makes_a_500(at, part):
    for number, route in list(enumerate(PAGES))[part::2]:
        is_list = re.fullmatch(LISTS, route.path)
        for text in some_of(TEXTS if is_list else ALONE[-3:], number):
            query = f"?{alike(OF_THE_ADMIN, text)}"
            read = at(route, "get", query)
            if number % 4 == 0:
                head = at(route, "head", query)
                assert (head.status_code, head.content_read) == (read.status_code, b""), route.path


def test_no_filter_of_a_page_makes_a_500(at):
    for number, route in enumerate(PAGES):
        for place, name in enumerate(filters_of(route, number), start=number):
            for text in some_of(ALONE[-2:], place):
                at(route, "get", f"?{name}={text}")


def test_no_part_of_a_date_makes_a_500(at):
    """In the lists with a date hierarchy, also a month or a day without its year."""
    lists = [route for route in PAGES if re.fullmatch(LISTS, route.path)]
    lists = [route for route in lists if getattr(admin_of(route), "date_hierarchy", None)]
    assert len(lists) == 2
    for route in lists:
        name = admin_of(route).date_hierarchy
        for query in ("month=1", "month=-1", "day=3", "day=-1", "month=2&{}__day=31"):
            answer = at(route, "get", f"?{name}__{query.format(name)}")
            assert answer.status_code in (200, 302, 400), query


def admin_of(route):
    return getattr(route.view, "model_admin", None)


def filters_of(route, number):
    """What a list of the admin can be filtered by; for one list, and where people look for
    something, also what every page may be told. One part of a date for each list."""
    admin = getattr(route.view, "model_admin", None) if re.fullmatch(LISTS, route.path) else None
    every = OF_THE_ADMIN if re.fullmatch(FOR_ONE, route.path) else []
    filters = [each for each in admin.list_filter if isinstance(each, str)] if admin else []
    of_rows = [f"{name}{how}" for name in filters for how in ("__exact", "__isnull", "__id__exact")]
    parts = some_of(("year", "month", "day"), number) if admin else []
    days = [f"{admin.date_hierarchy}__{part}" for part in parts]
    return [*every, *of_rows, *days]


@pytest.mark.parametrize(
    "query",
    ["page=" + "9" * 5000, "page_size=" + "9" * 5000, f"page_size={10**30}", "page=0", "page=1e3"],
)
def test_a_page_that_can_not_be_one_is_400_in_every_list(at, query):
    for route in OF_VIEWS:
        if route.view.actions.get("get") == "list":
            assert at(route, "get", f"?{query}").status_code == 400, route.path


def test_more_parameters_than_anybody_needs_are_400(at):
    for route in API:
        answer = at(route, "get", "?" + "&".join(f"a{number}=1" for number in range(2000)))
        assert answer.status_code in (400, 405), route.path


@pytest.mark.parametrize("path", ["/api/v1/me/", "/", "/floor/", "/admin/"])
@pytest.mark.parametrize("session", ['"abcdefgh\\000"', "x" * 4000, "'; DROP", "é" * 9])
def test_a_cookie_that_can_not_be_one_signs_nobody_in(farm, path, session):
    client = Client(HTTP_HOST="alpha.localhost", raise_request_exception=False)
    answer = client.get(path, headers={"Cookie": f"spoolbook-session={session}"})
    assert answer.status_code in (302, 400, 401)


# --- Methods and types ---------------------------------------------------------------------------


def test_allow_is_true_and_another_method_is_405_that_says_so(at):
    methods = ["get", "head", "post", "put", "patch", "delete", "options", "trace", "query"]
    for number, route in enumerate(OF_VIEWS):
        taken = {"OPTIONS", *(method.upper() for method in route.view.actions)}
        taken |= {"HEAD"} if "GET" in taken else set()  # REST framework adds it on first use
        for method in some_of(methods, number):
            answer = at(route, method, body="{}")
            assert set(answer["Allow"].split(", ")) == taken, (route.path, method)
            is_taken = method.upper() in taken
            assert (answer.status_code == 405) != is_taken, (route.path, method)


def test_head_is_get_without_a_body(at):
    """Of the API; of the pages, see their parameters."""
    same = ("Content-Type", "Content-Length", "ETag", "Allow", "Vary", "Cache-Control")
    for route in API if IS_DEEP else API[::2]:
        head, read = at(route, "head"), at(route, "get")
        assert head.content_read == b"", route.path
        assert head.status_code == read.status_code, route.path
        if read.status_code < 400:
            headers = {name: head.get(name) for name in same}
            assert headers == {name: read.get(name) for name in same}, route.path


def test_what_can_not_be_had_in_a_type_is_406_and_says_in_which(at):
    unknown = ["image/png", "application/xml;q=0.5, video/*", "x", "a/b/c"]
    for number, route in enumerate(API):
        for accept in some_of(unknown, number):
            answer = at(route, "get", accept=accept)
            if answer.status_code != 405:
                assert answer.status_code == 406, (route.path, accept)
                assert answer.json()["available"]


def test_a_format_that_nobody_has_is_an_error(at):
    for route in API:
        assert at(route, "get", "?format=exe").status_code in (404, 405, 406), route.path
