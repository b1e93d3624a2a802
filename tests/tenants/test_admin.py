"""The farm's admin for its managers, and the platform's for farms."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context, tenant_context

from tenants.accounts import roles
from tenants.accounts.models import AuditEvent, DeviceToken, FarmSettings, User
from tenants.admin.farms import public_site
from tenants.farms import requests
from tenants.models import Domain, FarmRequest, Tenant
from tests.factories import PASSWORD, make_token, make_user


@pytest.fixture
def at_platform(public_client):
    administrator = make_user(role=roles.ADMINISTRATOR, username="root")
    public_client.force_login(administrator)
    return public_client


def test_an_object_page_without_such_an_object_leads_back_or_is_missing(at_platform):
    answers = {}
    for model in public_site._registry:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/abc/"
        for page in ("", "change/", "delete/", "history/", "close/", "drop/"):
            answers[place + page] = at_platform.get(place + page).status_code
    assert set(answers.values()) <= {302, 403, 404}, answers
    assert answers["/admin/tenants/farmrequest/abc/change/"] == 302
    refused = at_platform.get("/admin/tenants/farmrequest/add/")
    assert (refused.status_code, "manager" in refused.content.decode()) == (403, False)


@pytest.mark.parametrize(
    "query",
    [
        "user/?password__startswith=p",
        "user/?password=x",
        "user/?pin_hash__regex=^p",
        "user/?tokens__hash__startswith=a",
        "devicetoken/?hash__startswith=a",
        "floordevice/?hash__gt=a",
        "devicetoken/?user__password__startswith=p",
        "auditevent/csv/?by__password__startswith=p",
    ],
)
def test_no_secret_is_found_out_letter_by_letter(as_manager, operator, query):
    """A list that is empty or not reveals whether the hash of somebody's password begins so."""
    make_token(operator)
    assert as_manager.get(f"/admin/accounts/{query}").status_code == 400


def test_every_page_of_the_farms_admin_opens_without_content_types(as_manager, operator):
    make_token(operator)
    pages = [
        "",
        "accounts/user/",
        "accounts/user/add/",
        f"accounts/user/{operator.pk}/change/",
        f"accounts/user/{operator.pk}/history/",
        "accounts/devicetoken/",
        f"accounts/devicetoken/{DeviceToken.objects.get().pk}/change/",
        "accounts/farmsettings/",
        "accounts/farmsettings/1/change/",
        "accounts/auditevent/",
        f"accounts/auditevent/{AuditEvent.objects.first().pk}/change/",
        "password_change/",
    ]
    answers = {page: as_manager.get(f"/admin/{page}", follow=True).status_code for page in pages}
    assert answers == dict.fromkeys(pages, 200)


def test_a_manager_adds_somebody(as_manager, manager):
    form = {"username": "Ada", "name": "", "email": "", "role": "viewer", "new_password": PASSWORD}
    assert as_manager.post("/admin/accounts/user/add/", form).status_code == 302
    user = User.objects.get(username="ada")
    assert user.check_password(PASSWORD)
    assert AuditEvent.objects.of(user).get().by == manager


def test_a_refusal_is_shown_and_nothing_changes(as_manager, manager):
    form = {"name": "", "email": "", "role": "viewer", "is_active": "on"}
    answer = as_manager.post(f"/admin/accounts/user/{manager.pk}/change/", form, follow=True)
    assert b"last active manager" in answer.content
    manager.refresh_from_db()
    assert (manager.role, manager.name) == ("manager", "Mona Manager")


def test_a_manager_changes_the_settings_and_it_is_on_record(as_manager):
    form = {
        field.name: field.value_from_object(FarmSettings.load())
        for field in FarmSettings._meta.fields
    }
    form |= {"packing_cost": "", "fixed_cost": "0.40", "margin_percent": "20"}
    form["currency"] = "CHF"
    assert as_manager.post("/admin/accounts/farmsettings/1/change/", form).status_code == 302
    settings = FarmSettings.load()
    assert (settings.currency, settings.packing_cost, settings.margin_percent) == ("CHF", None, 20)
    history = as_manager.get("/admin/accounts/farmsettings/1/history/")
    assert "EUR → CHF" in history.content.decode()


def test_a_manager_issues_a_token_and_sees_its_secret_once(as_manager, operator):
    page = "/admin/accounts/devicetoken/"
    assert '"scope" value=""' not in as_manager.get(f"{page}add/").content.decode()
    answer = as_manager.post(
        f"{page}add/",
        {"name": "Slicer", "user": operator.pk, "scope": "floor", "kind": "slicer", "printer": ""},
    )
    token = DeviceToken.objects.get()
    secret = answer.context["secret"]
    assert (token.user, token.scope, token.kind) == (operator, "floor", "slicer")
    assert token.hash == DeviceToken.hash_of(secret)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    for path in (page, f"{page}{token.pk}/change/", f"{page}{token.pk}/history/"):
        assert secret not in as_manager.get(path).content.decode()


def test_a_token_that_has_expired_already_is_refused_beside_its_field(as_manager, operator):
    form = {
        "name": "Slicer",
        "user": operator.pk,
        "scope": "read",
        "expires_at": "2020-01-01T10:00",
    }
    answer = as_manager.post("/admin/accounts/devicetoken/add/", form)
    assert "name a moment to come" in answer.content.decode()
    assert 'value="Slicer"' in answer.content.decode()
    assert not DeviceToken.objects.exists()


def test_a_manager_revokes_a_token(as_manager, operator):
    make_token(operator)
    first = DeviceToken.objects.get()
    page = f"/admin/accounts/devicetoken/{first.pk}/revoke/"
    make_token(operator, name="Spare", made_with=first)
    seen = as_manager.get(page)
    assert "what was made with it: Spare." in seen.content.decode()
    assert not DeviceToken.objects.exclude(revoked_at=None).exists()
    assert as_manager.post(page, {"_seen": seen.context["seen"], "_do": "1"}).status_code == 302
    assert not DeviceToken.objects.not_revoked().exists()
    again = as_manager.post(page, {"_do": "1", "_seen": seen.context["seen"]})
    assert b"was revoked at" in again.content


@pytest.mark.parametrize("page", ["accounts/user/", "accounts/farmsettings/"])
def test_operators_do_not_manage(farm_client, operator, page):
    farm_client.force_login(operator)
    assert farm_client.get("/admin/").status_code == 200
    assert farm_client.get(f"/admin/{page}", follow=True).status_code == 403


def test_the_platform_makes_a_farm(at_platform):
    form = {
        "slug": "north",
        "name": "North",
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "run_prefix": "",
        "manager": "nora",
        "password": PASSWORD,
    }
    page = at_platform.post("/admin/tenants/tenant/add/", form).url
    waiting = at_platform.get(page)
    assert waiting["Refresh"] == "2"
    assert "Waiting" in waiting.content.decode()
    assert PASSWORD not in str(FarmRequest.objects.values())
    requests.carry_out(FarmRequest.objects.get().pk)
    done = at_platform.get(page)
    text = done.content.decode()
    assert ("Refresh" in done, "Done" in text, "Detail" in text) == (False, True, False)
    assert '<a href="http://north.localhost/">' in text
    assert FarmRequest.objects.get().arguments == {}
    tenant = Tenant.objects.get(slug="north")
    with tenant_context(tenant):
        nora = User.objects.get(username="nora")
        assert (nora.role, nora.check_password(PASSWORD)) == ("manager", True)
    assert AuditEvent.objects.of(tenant).get().by_name == "root"


def test_the_platform_is_told_why_a_farm_can_not_be(at_platform):
    form = {
        "slug": "www",
        "name": "North",
        "timezone": "UTC",
        "currency": "EUR",
        "manager": "nora",
        "password": PASSWORD,
    }
    answer = at_platform.post("/admin/tenants/tenant/add/", form, follow=True)
    assert b"reserved for the platform" in answer.content
    assert not Tenant.objects.filter(slug="www").exists()


def test_the_platform_suspends_and_resumes(at_platform):
    tenant = Tenant.objects.get(slug="beta")
    page = f"/admin/tenants/tenant/{tenant.pk}/"
    verbs = {"close": "maintenance", "suspend": "suspended", "resume": "active"}
    for verb, status in verbs.items():
        seen = at_platform.get(f"{page}{verb}/")
        assert Tenant.objects.get(pk=tenant.pk).status != status  # only looked at
        form = {"_seen": seen.context["seen"], "_do": "1"}
        assert at_platform.post(f"{page}{verb}/", form).status_code == 302
        tenant = Tenant.objects.get(pk=tenant.pk)
        assert tenant.status == status
        shown = f">{tenant.get_status_display()}</span>"
        assert shown in at_platform.get("/admin/").content.decode()
        assert (shown in at_platform.get(f"{page}change/").content.decode()) == (verb != "resume")


def test_the_platform_suspends_several_after_a_look(at_platform):
    tenants = Tenant.objects.filter(slug__in=["alpha", "beta"])
    form = {"action": "do_suspend", "_selected_action": [tenant.pk for tenant in tenants]}
    seen = at_platform.post("/admin/tenants/tenant/", form)
    assert tenants.filter(status="active").count() == 2
    at_platform.post("/admin/tenants/tenant/", form | {"_seen": seen.context["seen"], "_do": "1"})
    assert tenants.filter(status="suspended").count() == 2


def test_a_farm_that_was_made_is_shown_with_where_it_answers(at_platform):
    form = {"slug": "north", "name": "North", "timezone": "UTC", "currency": "EUR"}
    form |= {"manager": "nora", "password": PASSWORD}
    at_platform.post("/admin/tenants/tenant/add/", form)
    assert "Add north" in at_platform.get("/admin/").content.decode()
    requests.carry_out(FarmRequest.objects.get().pk)
    page = f"/admin/tenants/tenant/{Tenant.objects.get(slug='north').pk}/change/"
    assert 'href="http://north.localhost/"' in at_platform.get(page).content.decode()
    assert "north.localhost" in at_platform.get("/admin/tenants/tenant/").content.decode()


def test_the_platform_gives_a_farm_another_host(at_platform):
    tenant = Tenant.objects.get(slug="beta")
    own = Domain.objects.get(tenant=tenant)
    form = {
        "name": "Beta Prints",
        "domains-TOTAL_FORMS": "2",
        "domains-INITIAL_FORMS": "1",
        "domains-0-id": own.pk,
        "domains-0-tenant": tenant.pk,
        "domains-0-host": own.host,
        "domains-0-is_primary": "on",
        "domains-1-tenant": tenant.pk,
        "domains-1-host": "Beta.Example",
    }
    url = f"/admin/tenants/tenant/{tenant.pk}/change/"
    assert at_platform.get(url).status_code == 200
    assert at_platform.post(url, form).status_code == 302
    assert Domain.objects.filter(tenant=tenant, host="beta.example").exists()
    assert Tenant.objects.get(pk=tenant.pk).name == "Beta Prints"


def hosts(tenant, *rows):
    """The form of a farm's hosts ``(host, is primary, is deleted)``, those it has first."""
    there = {domain.host: domain.pk for domain in Domain.objects.filter(tenant=tenant)}
    form = {"name": tenant.name, "domains-INITIAL_FORMS": len(there)}
    form["domains-TOTAL_FORMS"] = len(rows)
    for place, (host, is_primary, is_deleted) in enumerate(rows):
        flags = {"is_primary": is_primary, "DELETE": is_deleted}
        fields = {"host": host, "tenant": tenant.pk, "id": there.get(host, "")}
        fields |= {name: "on" for name, is_set in flags.items() if is_set}
        form |= {f"domains-{place}-{name}": value for name, value in fields.items()}
    return form


def test_the_primary_host_moves_to_another_one_and_there_is_always_one(at_platform):
    tenant = Tenant.objects.get(slug="beta")
    url = f"/admin/tenants/tenant/{tenant.pk}/change/"

    def primary():
        return [row.host for row in Domain.objects.filter(tenant=tenant, is_primary=True)]

    own = "beta.localhost"
    other = "beta.example"
    assert at_platform.post(url, hosts(tenant, (own, 1, 0), (other, 0, 0))).status_code == 302
    rows = sorted(Domain.objects.filter(tenant=tenant).values_list("host", flat=True))
    assert rows == [other, own]
    assert at_platform.post(url, hosts(tenant, (other, 1, 0), (own, 0, 0))).status_code == 302
    assert primary() == [other]
    for wrong in (
        ((other, 0, 0), (own, 0, 0)),
        ((other, 1, 0), (own, 1, 0)),
        ((other, 1, 1), (own, 0, 0)),
    ):
        answer = at_platform.post(url, hosts(tenant, *wrong))
        assert "One host of the farm is its primary one" in answer.content.decode()
    answer = at_platform.post(url, hosts(tenant, (other, 1, 0), (own, 0, 0), ("localhost", 0, 0)))
    assert "localhost is the public site" in answer.content.decode()
    assert primary() == [other]


def test_nobody_of_a_farm_gets_into_the_platform(farm, manager, client_at):
    browser = client_at("localhost")
    browser.force_login(manager)  # a session in the farm's schema
    with schema_context("public"):
        assert browser.get("/admin/").status_code == 302


def test_the_platforms_index_tells_which_farms_there_are(at_platform, farm, other_farm):
    with schema_context("public"):
        Domain.objects.create(tenant=farm, host="workshop.example", is_primary=False)
        Tenant.objects.filter(pk=other_farm.pk).update(status="suspended")
        hosts = list(other_farm.domains.values_list("host", flat=True))
    with tenant_context(other_farm):
        make_user(username="somebody-inside")
    text = at_platform.get("/admin/").content.decode()
    for part in (farm.name, farm.slug, other_farm.name, "workshop.example", "In use", "Suspended"):
        assert part in text
    assert not any(f"//{host}" in text for host in hosts)  # no link leads to a 403
    assert "somebody-inside" not in text


def test_the_platforms_index_asks_as_often_however_many_farms(
    at_platform, django_assert_num_queries
):
    at_platform.get("/admin/")
    with CaptureQueriesContext(connection) as few:
        at_platform.get("/admin/")
    Tenant.objects.bulk_create(
        Tenant(name=f"Farm {n}", slug=f"f{n}", schema_name=f"farm_f{n}") for n in range(5)
    )
    with django_assert_num_queries(len(few)):
        at_platform.get("/admin/")
