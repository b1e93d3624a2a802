"""The logins of the web server: each may do what its requests need, and no more."""

import runpy

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django_tenants.utils import schema_context, tenant_context

from config import serve
from config.database import URLS, base, databases, from_url, login_urls
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.models import Tenant
from tenants.schemas import database_role, logins, prepare
from tenants.schemas.privileges import UnusableDatabase
from tests.factories import PASSWORD, make_user
from tests.serving import ROOT, owner_environment, serving
from tests.tenants.sql_helpers import ask
from tests.tenants.test_admin import hosts
from tests.tenants.test_database_role import denied
from tests.tenants.test_prepare import sql

OWNER = "postgresql://spoolbook:secret@/book?host=%2Frun%2Fdb&port=5432"


@pytest.fixture
def with_rights_of(farm, monkeypatch):
    """``with_rights_of(login)``: what is not in a farm runs with the rights of a login."""

    def begin(login):
        monkeypatch.setattr(base, "NO_ROLE", database_role.role_of(login))
        monkeypatch.setattr(connections["default"], "alias", login)
        connection.set_schema_to_public()

    yield begin
    monkeypatch.undo()
    connection.set_schema_to_public()


# --- The public site -----------------------------------------------------------------------------


def test_the_pages_of_the_public_site_need_no_more_than_its_login_may(
    with_rights_of, public_client
):
    connection.set_schema_to_public()
    make_user(username="root", role=roles.ADMINISTRATOR)
    tenant = Tenant.objects.get(slug="beta")
    with_rights_of(logins.SITE)
    browser, page = public_client, f"/admin/tenants/tenant/{tenant.pk}/"
    sign_in = {"username": "root", "password": PASSWORD}
    assert browser.post("/accounts/login/", sign_in).status_code == 302
    for path in ("", "tenants/tenant/", f"tenants/tenant/{tenant.pk}/history/"):
        assert browser.get(f"/admin/{path}").status_code == 200
    new = {"slug": "north", "name": "North", "timezone": "UTC", "currency": "EUR"}
    new |= {"manager": "nora", "password": PASSWORD}
    page_of_request = browser.post("/admin/tenants/tenant/add/", new).url
    assert "Waiting" in browser.get(page_of_request).content.decode()
    for verb, status in {"suspend": "suspended", "resume": "active"}.items():
        form = {"_seen": browser.get(f"{page}{verb}/").context["seen"], "_do": "1"}
        assert browser.post(f"{page}{verb}/", form).status_code == 302
        assert Tenant.objects.get(pk=tenant.pk).status == status
    form = hosts(tenant, ("beta.localhost", True, False), ("beta.example", False, False))
    assert browser.post(f"{page}change/", form | {"name": "Beta Prints"}).status_code == 302
    tenant.refresh_from_db()
    assert (tenant.name, tenant.domains.count()) == ("Beta Prints", 2)
    new = {"old_password": PASSWORD, "new_password1": "another-good-1", "tokens": "end"}
    new["new_password2"] = new["new_password1"]
    assert browser.post("/admin/password_change/", new).status_code == 302
    assert browser.post("/accounts/logout/").status_code == 302


def test_the_login_of_the_public_site_reaches_no_farm(with_rights_of, other_farm):
    with_rights_of(logins.SITE)
    schema = other_farm.schema_name
    assert denied(f"SELECT count(*) FROM {schema}.accounts_user")
    assert denied(f"SELECT farms.copy_settings('{schema}', 'UTC', 'de')")
    assert denied(f"SELECT farms.queue_job('{schema}', 1)")
    assert denied("INSERT INTO tenants_tenant DEFAULT VALUES RETURNING 1")
    assert denied("UPDATE tenants_tenant SET schema_name = 'farm_alpha' RETURNING 1")
    assert denied("DELETE FROM tenants_tenant RETURNING 1")
    assert denied("UPDATE accounts_auditevent SET verb = 'x' RETURNING 1")
    assert denied("DELETE FROM django_migrations RETURNING 1")
    assert denied("CREATE TABLE mine (id int)")


# --- Requests to farms ---------------------------------------------------------------------------


def test_which_farms_are_ready_is_found_out_with_the_rights_of_their_requests(
    with_rights_of, public_client, monkeypatch
):
    sql("DELETE FROM django_migrations WHERE app = 'accounts'")
    with_rights_of(logins.WEB)
    monkeypatch.setattr(prepare, "_ready_until", 0.0)
    monkeypatch.setattr(prepare, "_looked_until", 0.0)
    assert public_client.get("/readyz").content == b"ok\nfarms-not-ready: 1\n"
    assert prepare.farms_not_ready() == {"farm_alpha": "migrations are missing"}
    assert not prepare.is_prepared("farm_alpha")
    assert prepare.is_prepared("farm_beta")


def test_the_login_of_farms_reads_which_there_are_and_nothing_else(with_rights_of, other_farm):
    with_rights_of(logins.WEB)
    assert Tenant.objects.at_host("beta.localhost").slug == "beta"
    assert denied("UPDATE tenants_tenant SET status = 'active' RETURNING 1")
    assert denied("SELECT count(*) FROM accounts_user")
    assert denied("SELECT count(*) FROM django_session")
    assert denied(f"SELECT count(*) FROM {other_farm.schema_name}.accounts_user")
    assert denied("SELECT farms.copy_settings('farm_alpha', 'UTC', 'de')")


def test_nobody_but_the_owner_owns_anything(farm):
    for login in (logins.WEB, logins.SITE):
        oid = ask("SELECT oid FROM pg_roles WHERE rolname = %s", [database_role.role_of(login)])
        assert (
            ask("SELECT count(*) FROM pg_shdepend WHERE refobjid = %s AND deptype = 'o'", [oid])
            == 0
        )


def test_the_served_program_uses_both_logins(server, committed_farm):
    with schema_context("public"):
        name = f"root-{committed_farm.slug}"
        user = make_user(username=name, role=roles.ADMINISTRATOR)
    users = """
        SELECT array_agg(DISTINCT usename::text) FROM pg_stat_activity
        WHERE datname = current_database() AND usename <> user
    """
    with server.client(committed_farm) as browser:
        for host in ("localhost", f"{committed_farm.slug}.localhost"):
            headers = {"Host": host}
            page = browser.get("/accounts/login/", headers=headers)
            form = {"username": name, "password": PASSWORD}
            form["csrfmiddlewaretoken"] = page.text.split('csrfmiddlewaretoken" value="')[1].split(
                '"'
            )[0]
            done = browser.post("/accounts/login/", data=form, headers=headers)
            assert done.status_code == (302 if host == "localhost" else 200)
        assert set(ask(users)) == {database_role.role_of(login) for login in URLS}
    with schema_context("public"):
        sql("DELETE FROM accounts_auditevent; DELETE FROM django_session")
        User.objects.filter(pk=user.pk)._raw_delete("default")


def test_where_farms_have_logins_a_request_uses_that_of_its_farm(
    committed_farm, settings, django_db_blocker, tmp_path
):
    settings.FARM_LOGIN_KEY = "a key"
    database_role.let_log_in(committed_farm.schema_name)
    seen = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = %s AND state = %s
    """
    role = database_role.role_of(committed_farm.schema_name)
    with (
        serving(tmp_path, "--workers=1", SPOOLBOOK_FARM_LOGIN_KEY="a key") as own,
        own.client(committed_farm) as browser,
    ):
        headers = {"Authorization": f"Token spb_{'x' * 43}"}
        assert browser.get("/api/v1/production-runs/", headers=headers).status_code == 401
        assert ask(seen, [role, "disabled"]) == 1
        assert browser.get("/readyz").text == "ok\n"


def test_a_thread_holds_connections_to_a_few_farms(settings, monkeypatch):
    settings.FARM_LOGIN_KEY = "a key"
    monkeypatch.setitem(connections.settings, "web", connections.settings["default"])
    own = connections["default"]
    names = [f"farm_{number}" for number in range(logins.MAX_FARMS + 1)]
    try:
        made = []
        for name in names:
            logins.use_farm(name)
            made.append(connections["default"])
        assert made[0].settings_dict["USER"] == database_role.role_of("farm_0")
        assert len({each.settings_dict["PASSWORD"] for each in made}) == len(made)
        logins.use_farm(names[-1])
        assert connections["default"] is made[-1]
        logins.use_farm(names[0])
        assert connections["default"] is not made[0]
    finally:
        connections["default"] = own
        del connections["web"]


# --- Configuration -------------------------------------------------------------------------------


def test_the_web_server_has_two_logins_and_everything_else_the_owners():
    given = {login: login_urls(OWNER)[name] for login, name in URLS.items()}
    made = databases("", given, "x")
    assert {alias: place["USER"] for alias, place in made.items()} == {
        "default": "book.web",
        "web": "book.web",
        "site": "book.site",
    }
    assert "default_transaction_read_only=off" in made["site"]["OPTIONS"]["options"]
    assert databases(OWNER, given, "x")["default"]["USER"] == "spoolbook"
    assert set(databases("", dict.fromkeys(URLS, ""), "x")) == {"default"}
    with pytest.raises(ImproperlyConfigured, match="SPOOLBOOK_SITE_DATABASE_URL is not set"):
        databases("", given | {"site": ""}, "x")


def test_passwords_of_logins_that_nobody_chose_follow_from_the_owners():
    web, site = (from_url(url) for url in login_urls(OWNER).values())
    assert (web["USER"], site["USER"], web["HOST"]) == ("book.web", "book.site", "/run/db")
    assert len({web["PASSWORD"], site["PASSWORD"], "secret"}) == 3
    assert login_urls(OWNER) == login_urls(OWNER) != login_urls(OWNER.replace("secret", "other"))


def test_the_password_of_the_owner_is_not_in_the_environment_of_the_web_server(monkeypatch):
    environment = {"DATABASE_URL": OWNER, "PORT": "8000"}
    assert serve.web_environment(environment) == environment
    both = environment | login_urls(OWNER)
    assert "secret" not in str(serve.web_environment(both))
    for name, value in both.items():
        monkeypatch.setenv(name, value)
    runpy.run_path(str(ROOT / "config" / "gunicorn.conf.py"))
    assert "DATABASE_URL" not in serve.os.environ


def test_prepare_gives_the_logins_their_passwords(committed_farm, settings):
    urls = login_urls(owner_environment()["DATABASE_URL"])
    for url in urls.values():
        with psycopg.connect(url) as session:
            assert session.execute(
                "SELECT rolinherit FROM pg_roles WHERE rolname = user"
            ).fetchone() == (False,)
    connection.set_schema_to_public()
    wrong = settings.DATABASE_LOGINS["web"] | {"USER": "me"}
    settings.DATABASE_LOGINS = {"web": wrong}
    with pytest.raises(UnusableDatabase, match=r"login me can't be used: .* is called .*\.web"):
        prepare.prepare()
    settings.DATABASE_LOGINS = {}
    sql(f'ALTER ROLE "{database_role.role_of("web")}" NOLOGIN')
    said = []
    prepare.prepare(log=said.append)
    assert "the login of the database's owner" in said[0]
    sql(f'ALTER ROLE "{database_role.role_of("web")}" LOGIN')
    prepare.prepare(log=said.append)
    assert len(said) == 1
    with tenant_context(committed_farm):
        assert ask("SELECT count(*) FROM accounts_user") == 1
