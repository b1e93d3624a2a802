"""Finding the farm of a request, and leaving it."""

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts.models import FarmSettings, User
from tenants.accounts.services import change_settings
from tenants.farms import services
from tenants.farms.names import normalize_host
from tenants.models import Domain, Tenant
from tenants.schemas.current import NoFarm, current_schema
from tenants.web.middleware import TenantMiddleware
from tests.factories import make_user

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def seen(farm):
    """``seen(host)``: the farm, locale and time zone of a view at a host."""

    def view(request):
        return HttpResponse(
            f"{connection.schema_name} {current_schema.get()} "
            f"{timezone.get_current_timezone_name()} "
            f"{getattr(request, 'farm_locale', None)} {request.tenant and request.tenant.slug}"
        )

    def at(host, **headers):
        request = RequestFactory(HTTP_HOST=host, **headers).get("/")
        request.correlation_id = "test"
        response = TenantMiddleware(view)(request)
        return response.content.decode() if response.status_code == 200 else response.status_code

    return at


@pytest.mark.parametrize(
    "host",
    ["alpha.localhost", "ALPHA.Localhost", "alpha.localhost.", "alpha.localhost:8000"],
)
def test_a_farm_is_found_however_its_host_is_written(seen, host):
    assert seen(host) == "farm_alpha farm_alpha Europe/Berlin en-gb alpha"


def test_a_request_finds_its_farm_by_one_statement(seen, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            assert seen("alpha.localhost").startswith("farm_alpha")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.:80", "127.0.0.1:8000", "[::1]:8000"])
def test_the_public_site_answers_on_localhost(seen, host):
    assert seen(host) == "public public UTC None None"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_public_site_is_nowhere_but_at_the_hosts_that_are_named(seen, settings, host):
    settings.PUBLIC_HOSTS = ["farms.example.com"]
    assert [seen(host), seen("farms.example.com")] == [404, "public public UTC None None"]
    settings.USE_X_FORWARDED_HOST = True
    assert seen("farms.example.com", HTTP_X_FORWARDED_HOST=host) == 404


@pytest.mark.parametrize("host", ["[2001:DB8::0001]:8000", "[2001:db8::1]", "192.168.4.7:80"])
def test_the_default_farm_answers_on_bare_addresses(seen, settings, host):
    assert seen(host) == 404
    settings.DEFAULT_FARM = "alpha"
    assert seen(host) == "farm_alpha farm_alpha Europe/Berlin en-gb alpha"


def test_a_default_farm_does_not_answer_to_unknown_names(seen, settings):
    settings.DEFAULT_FARM = "alpha"
    assert seen("nobody.localhost") == 404


def test_an_address_can_be_a_farms_own(seen, settings):
    settings.DEFAULT_FARM = "alpha"
    with schema_context("public"):
        Domain(tenant=Tenant.objects.get(slug="beta"), host="10.0.0.9").save()
    assert seen("10.0.0.9").startswith("farm_beta")


@pytest.mark.parametrize("host", ["nobody.localhost", "alpha.localhost.evil.org", "a_b", "a b", ""])
def test_other_hosts_are_nowhere(seen, host):
    assert seen(host) == 404


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_suspended_farm_and_an_unknown_one_can_not_be_told_apart(farm, client_at, headers):
    services.suspend_farm(farm, by=None)
    answers = [
        client_at(host).get(path, headers={"X-Request-ID": "one"}, **headers)
        for host in ("alpha.localhost", "nobody.localhost")
        for path in ("/", "/accounts/login/?next=x")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, str(answer.headers)) for answer in answers}) == 1
    assert b"alpha" not in answers[0].content
    assert b"poolbook" not in answers[0].content


def test_programs_are_answered_with_a_problem(client_at):
    answer = client_at("nobody.localhost").get("/api/v1/spools/")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404
    assert answer.json()["correlation_id"] == answer["X-Request-ID"]


def test_suspending_and_resuming_is_felt_by_the_next_request(farm, farm_client):
    assert farm_client.get("/accounts/login/").status_code == 200
    services.suspend_farm(farm, by=None)
    assert farm_client.get("/accounts/login/").status_code == 404
    services.resume_farm(farm, by=None)
    assert farm_client.get("/accounts/login/").status_code == 200


def test_a_farm_that_is_closed_for_maintenance_asks_everybody_to_come_back(
    farm, farm_client, api, manager, settings
):
    farm_client.force_login(manager)
    services.close_farm(farm, by=None)
    settings.DEFAULT_FARM = farm.slug
    asked = [("get", path) for path in ("/", "/admin/", "/floor/", "/accounts/login/", "/no/")]
    asked += [("post", "/accounts/login/"), ("post", "/floor/who/"), ("post", "/api/v1/tokens/")]
    for method, path in asked:
        answer = getattr(farm_client, method)(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60"), path
        assert answer.get("Refresh") == ("60" if method == "get" else None)
        assert b"losed for maintenance" in answer.content
    problem = api.post("/api/v1/locations/", {"name": "Shelf"})
    assert (problem.json()["code"], problem["Retry-After"]) == ("maintenance", "60")
    waiting = farm_client.post("/floor/", headers={"Accept": "application/json"})
    assert (waiting.status_code, waiting.json()["code"]) == (503, "maintenance")
    assert farm_client.get("/", HTTP_HOST="10.1.1.1").status_code == 503
    for path in ("/healthz", "/readyz"):
        assert farm_client.get(path).status_code == 200
    services.resume_farm(farm, by=None)
    assert api.post("/api/v1/locations/", {"name": "Shelf"}).status_code == 201


def test_settings_that_the_api_changes_are_those_of_the_next_request(seen, api):
    changes = {"timezone": "Asia/Tokyo", "locale": "de"}
    assert api.patch("/api/v1/settings/", changes).status_code == 200
    assert "Asia/Tokyo de" in seen("alpha.localhost")


def test_settings_that_the_admin_changes_are_those_of_the_next_request(seen, as_manager):
    settings = FarmSettings.load()
    form = {field.name: field.value_from_object(settings) for field in settings._meta.fields}
    form = {name: value for name, value in form.items() if value is not None}
    form["timezone"] = "Asia/Tokyo"
    assert as_manager.post("/admin/accounts/farmsettings/1/change/", form).status_code == 302
    assert "Asia/Tokyo" in seen("alpha.localhost")


def test_settings_that_can_not_be_copied_are_not_changed(farm, monkeypatch):
    monkeypatch.setattr(FarmSettings, "copy_to_public", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
    assert FarmSettings.load().timezone == "Europe/Berlin"


# --- Leaving -----------------------------------------------------------------------------------


def test_after_a_request_the_connection_is_back_in_public(farm):
    Client(HTTP_HOST="alpha.localhost").get("/accounts/login/")
    assert connection.schema_name == "public"
    assert current_schema.get() is None
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_streamed_answer_stays_in_its_farm_to_the_last_byte(farm):
    make_user(username="ada")

    def names(request):
        return StreamingHttpResponse(user.username for user in User.objects.order_by("pk"))

    request = RequestFactory(HTTP_HOST="alpha.localhost").get("/")
    response = TenantMiddleware(names)(request)
    assert b"".join(response) == b"ada"
    response.close()
    assert connection.schema_name == "public"


def test_a_view_that_fails_leaves_the_farm_too(farm, settings, monkeypatch):
    monkeypatch.setattr("tenants.views.home", lambda request: 1 / 0)
    Client(HTTP_HOST="alpha.localhost", raise_request_exception=False).get("/nothing/")
    assert connection.schema_name == "public"


# --- What belongs to a farm --------------------------------------------------------------------


def test_a_cached_value_is_its_farms_alone(farm, other_farm):
    cache.set("colour", "orange")
    token = current_schema.set(other_farm.schema_name)
    assert cache.get("colour") is None
    current_schema.reset(token)
    assert cache.get("colour") == "orange"


def test_the_cache_is_closed_outside_of_every_farm():
    with pytest.raises(NoFarm):
        cache.get("colour")
    with pytest.raises(NoFarm):
        cache.set("colour", "orange")


def test_a_session_of_one_farm_is_refused_at_another(farm, other_farm, manager, farm_client):
    farm_client.force_login(manager)
    assert farm_client.get("/").status_code == 200
    with tenant_context(other_farm):
        twin = make_user(username="mona", role="manager")
        User.objects.filter(pk=twin.pk).update(id=manager.pk, password=manager.password)
    farm_client.defaults["HTTP_HOST"] = "beta.localhost"
    answer = farm_client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_cookies_are_the_hosts_own(farm_client, manager):
    answer = farm_client.post(
        "/accounts/login/", {"username": "MONA", "password": "spools-of-petg-7"}
    )
    assert answer["Location"] == "/"
    assert {cookie["domain"] for cookie in answer.cookies.values()} == {""}


# --- Ids and health ----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abc-123", "0af7651916cd43dd8448eb211c80319c"])
def test_the_callers_request_id_is_kept(client_at, given):
    answer = client_at("nobody.localhost").get("/", headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "é"])
def test_an_unusable_request_id_is_replaced(client_at, given):
    answer = client_at("nobody.localhost").get("/", headers={"X-Request-ID": given})
    assert len(answer["X-Request-ID"]) == 32


@pytest.mark.parametrize("host", ["localhost", "nobody.localhost", "10.1.1.1", "a_b"])
def test_health_is_told_on_any_host(db, client_at, host):
    assert client_at(host).get("/healthz").content == b"ok\n"
    assert client_at(host).get("/readyz").content == b"ok\n"


@pytest.mark.parametrize("path", ["/", "/api/v1/me/"])
def test_while_the_database_is_away_people_are_asked_to_come_back(
    farm, farm_client, monkeypatch, path
):
    def away(tenant):
        raise OperationalError("no server")

    monkeypatch.setattr(connection, "enter", away)
    answer = farm_client.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_it_is_not_ready_while_the_database_is_away(farm, client_at, monkeypatch):
    def away():
        raise OperationalError("no server")

    monkeypatch.setattr("tenants.schemas.prepare.is_ready", away)
    assert client_at("localhost").get("/readyz").status_code == 503
    assert client_at("localhost").get("/healthz").status_code == 200


def test_it_is_not_ready_while_what_all_farms_share_is_behind(farm, client_at, monkeypatch):
    monkeypatch.setattr("tenants.schemas.prepare._ready_until", 0.0)
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts'")
    answer = client_at("localhost").get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"migrations are missing\n")


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.B:80", "a.b"), ("[::1]:80", "::1"), ("a.b.", "a.b"), ("a/b", ""), ("[x]", "")],
)
def test_hosts_are_brought_into_one_form(host, name):
    assert normalize_host(host) == name
