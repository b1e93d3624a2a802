"""Adding, suspending and dropping farms; what the commands say."""

import io
import re
import threading
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django_tenants.utils import schema_context, tenant_context

from inventory.models import MaterialType
from inventory.services import seeds
from inventory.services.tables import filament_import, table_reader
from tenants.accounts.models import AuditEvent, FarmSettings, User
from tenants.farms import services
from tenants.farms.names import InvalidHost, InvalidSlug, schema_name
from tenants.models import Domain, Tenant
from tenants.operations.refusals import Refusal
from tenants.schemas import migrating, template
from tenants.web import middleware
from tests.conftest import MATERIAL_TYPES, FarmClient
from tests.factories import PASSWORD


@pytest.fixture
def public(db):
    """The public site, rolled back."""


def run(command, *args, **options):
    out = io.StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


# --- Adding ------------------------------------------------------------------------------------


def test_a_new_farm_has_a_schema_a_host_settings_reasons_and_a_manager(public):
    tenant = services.add_farm(
        slug="north-hall",
        name="North Hall",
        timezone="Asia/Tokyo",
        currency="JPY",
        run_prefix="NH",
        manager="Nora",
        password=PASSWORD,
        hosts=["Prints.Example.ORG."],
    )
    assert tenant.schema_name == "farm_north_hall"
    assert Tenant.objects.get(pk=tenant.pk).timezone == "Asia/Tokyo"
    hosts = Domain.objects.filter(tenant=tenant).values_list("host", "is_primary")
    assert set(hosts) == {("north-hall.localhost", True), ("prints.example.org", False)}
    with tenant_context(tenant):
        settings = FarmSettings.load()
        assert (settings.timezone, settings.currency, settings.run_prefix) == (
            "Asia/Tokyo",
            "JPY",
            "NH",
        )
        assert User.objects.get().check_password(PASSWORD)
        assert User.objects.get().role == "manager"
        assert ask("SELECT count(*) FROM production_reason") >= 13


def ask(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"slug": ""}, "invalid_slug"),
        ({"slug": "North"}, "invalid_slug"),
        ({"slug": "-north"}, "invalid_slug"),
        ({"slug": "no_rth"}, "invalid_slug"),
        ({"slug": "north\n"}, "invalid_slug"),
        ({"slug": "n" * 64}, "invalid_slug"),
        ({"slug": "www"}, "invalid_slug"),
        ({"slug": "public"}, "invalid_slug"),
        ({"slug": "alpha"}, "slug_taken"),
        ({"timezone": "Mars/Olympus"}, "unknown_timezone"),
        ({"currency": "XXX"}, "unknown_currency"),
        ({"run_prefix": "a"}, "invalid_run_prefix"),
        ({"run_prefix": "TOOLONGPREFIX"}, "invalid_run_prefix"),
        ({"password": "12345"}, "weak_password"),
        ({"name": "Weak farm", "password": "weakfarm-123"}, "weak_password"),
        ({"hosts": ["beta.localhost"]}, "host_taken"),
        ({"hosts": ["localhost"]}, "host_taken"),
        ({"hosts": ["not a host"]}, "invalid_host"),
        ({"name": ""}, "invalid"),
        ({"name": "n" * 101}, "invalid"),
    ],
)
def test_a_farm_that_can_not_be_is_refused_and_leaves_nothing(public, wrong, code):
    before = Tenant.objects.count(), Domain.objects.count(), AuditEvent.objects.count()
    with pytest.raises(Refusal) as refusal:
        services.add_farm(**{"slug": "north", "name": "North", "password": PASSWORD, **wrong})
    assert refusal.value.code == code
    assert refusal.value.errors
    assert before == (Tenant.objects.count(), Domain.objects.count(), AuditEvent.objects.count())
    assert not migrating.existing(["farm_north"])


def test_when_the_seeding_fails_nothing_of_the_farm_is_left(public, settings):
    settings.FARM_SEEDERS = ["tests.tenants.test_farms.broken_seeder"]
    with pytest.raises(ZeroDivisionError):
        services.add_farm(slug="north", name="North")
    assert not Tenant.objects.filter(slug="north").exists()
    assert not migrating.existing(["farm_north"])


def test_a_new_farm_has_the_usual_material_types(public, settings):
    settings.FARM_SEEDERS = [MATERIAL_TYPES, *settings.FARM_SEEDERS]
    with tenant_context(services.add_farm(slug="north", name="North")):
        known = {kind.code: kind for kind in MaterialType.objects.all()}
        assert len(known) == 33
        assert {known[code].family for code in ("PLA+", "PLA MATTE")} == {known["PLA"]}
        assert known["PLA"].family is None
        pla, carbon = known["PLA"], known["PETG-CF"]
        assert (pla.density_g_cm3, pla.is_abrasive) == (Decimal("1.24"), False)
        assert (carbon.density_g_cm3, carbon.is_abrasive) == (Decimal("1.29"), True)
        assert all(Decimal("0.8") < kind.density_g_cm3 < 2 for kind in known.values())
        for kind in known.values():
            kind.full_clean()
        table = "name;material;price\nSky;ASA;20\n"  # no density is needed
        report = filament_import.import_filaments(table_reader.read_filaments(table), by=None)
        assert (report.count("created"), report.material_types) == (1, [])
        MaterialType.objects.filter(code="PLA").update(density_g_cm3="1.3")
        MaterialType.objects.filter(code="PLA+").update(family=None)
        seeds.seed()
        assert MaterialType.objects.get(code="PLA+").family is None
        assert MaterialType.objects.get(code="PLA").density_g_cm3 == Decimal("1.3")


def broken_seeder():
    return 1 / 0


def test_the_schema_of_a_farm_that_was_is_not_taken_over(public):
    migrating.create("farm_north")
    with pytest.raises(services.SlugTaken, match="still exists"):
        services.add_farm(slug="north", name="North")


def test_a_farm_can_be_added_from_within_another_farm(farm):
    tenant = services.add_farm(slug="north", name="North")
    assert connection.schema_name == farm.schema_name
    assert tenant.pk


def test_long_names_get_schemas_of_their_own():
    names = {schema_name("n" * 62 + end) for end in "ab"}
    assert len(names) == 2
    assert max(map(len, names)) <= 63


@pytest.mark.parametrize("host", ["", "a..b", "-a.b", "a/b", "a b", "x" * 254, "é.org"])
def test_what_is_no_host_is_refused(public, host):
    with pytest.raises(InvalidHost):
        services.add_farm(slug="north", name="North", hosts=[host])


def test_a_farm_from_the_snapshot_is_the_farm_the_migrations_make(committed_farm):
    names = ["farm_snapshot_twin", "farm_migrated_twin"]
    with schema_context("public"):
        try:
            with transaction.atomic():
                template.replay(template.load(), names[0])
            migrating.create(names[1])
            migrating.migrate(names[1])
            dumps = [described(name) for name in names]
        finally:
            for name in names:
                migrating.drop(name)
    assert dumps[0] == dumps[1]
    assert "CREATE TRIGGER" in dumps[0]


def described(schema):
    dumped = template.dump(schema).replace(schema, "farm_x")
    dumped = re.sub(r"^\\(un)?restrict .*$", "", dumped, flags=re.MULTILINE)
    dumped = re.sub(r"::(character varying|text)\b|[()\[\]]", "", dumped)  # read back, casts move
    return re.sub(r"'\d{4}-\d\d-\d\d [\d:.]+\+00'", "'then'", dumped)


def test_without_pg_dump_a_farm_is_made_by_migrations(public, monkeypatch):
    monkeypatch.setattr(template, "load", lambda: None)
    tenant = services.add_farm(slug="north", name="North", password=PASSWORD)
    assert not migrating.is_behind(tenant.schema_name)


def test_a_missing_pg_dump_is_no_error(committed_farm, monkeypatch, settings, tmp_path):
    settings.DATA = tmp_path
    monkeypatch.setattr(template, "_in_memory", {})

    def missing(name):
        raise FileNotFoundError(name)

    monkeypatch.setattr(connection, "program", missing)
    with schema_context("public"):
        assert template.load() is None
        assert not ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'template_%'")


def test_of_several_who_take_one_name_at_once_one_gets_it(in_threads):
    slug = "rush-hour"
    results = in_threads(lambda number: services.add_farm(slug=slug, name=f"{number}"), 4)
    made = [result for result in results if isinstance(result, Tenant)]
    services.drop_farm(made[0], by=None)
    assert len(made) == 1
    assert [type(result) for result in results].count(services.SlugTaken) == 3


# --- Suspending, dropping ----------------------------------------------------------------------


def test_a_farm_is_dropped_with_its_schema_hosts_and_role(committed_farm):
    role = f"{connection.settings_dict['NAME']}.{committed_farm.schema_name}"
    services.drop_farm(committed_farm, by=None)
    with schema_context("public"):
        assert not Tenant.objects.filter(pk=committed_farm.pk).exists()
        assert not migrating.existing([committed_farm.schema_name])
        assert ask(f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'") == 0


@pytest.mark.parametrize("path", ["/api/v1/locations/", "/floor/"])
def test_a_farm_dropped_during_a_request_is_not_there(committed_farm, monkeypatch, path):
    """As it is for the next request: no error of the server's."""
    client = FarmClient(host=f"{committed_farm.slug}.localhost")
    client.raise_request_exception = False
    client.force_login(User.objects.get())
    enter = middleware.enter_farm

    def drop():
        services.drop_farm(committed_farm, by=None)
        connection.close()

    def enter_and_drop(request, tenant):
        enter(request, tenant)
        thread = threading.Thread(target=drop)
        thread.start()
        thread.join()

    assert client.get(path).status_code == 200
    monkeypatch.setattr(middleware, "enter_farm", enter_and_drop)
    assert client.get(path).status_code == 404


def test_suspending_is_on_record_once(farm):
    services.suspend_farm(farm, by=None)
    services.suspend_farm(farm, by=None)
    services.resume_farm(farm, by=None)
    services.close_farm(farm, by=None)
    with schema_context("public"):
        verbs = AuditEvent.objects.of(farm).order_by("pk").values_list("verb", flat=True)
        assert list(verbs)[-3:] == ["suspend", "resume", "close"]
        assert list(verbs).count("suspend") == 1


# --- Commands ----------------------------------------------------------------------------------


def test_add_farm_prints_the_password_it_made_up(public):
    output = run("add_farm", "north", name="North", run_prefix="NO")
    assert "north.localhost" in output
    password = output.split()[-1]
    with tenant_context(Tenant.objects.get(slug="north")):
        assert User.objects.get(username="manager").check_password(password)


def test_add_farm_keeps_a_given_password_to_itself(public):
    assert PASSWORD not in run("add_farm", "north", password=PASSWORD)


@pytest.mark.parametrize(
    ("command", "args", "sentence"),
    [
        ("add_farm", ["www"], "reserved for the platform"),
        ("add_farm", ["alpha"], "There is a farm “alpha” already"),
        ("add_farm", ["north", "--timezone=HostNotFound"], "not an IANA time zone"),
        (
            "create_token",
            ["north", "mona", "mk4", "--scope=read"],
            "There is no farm 'north'; there are: alpha",
        ),
        ("create_token", ["alpha", "nobody", "mk4", "--scope=read"], "alpha has no user 'nobody'"),
        ("suspend_farm", ["north"], "There is no farm 'north'"),
        ("drop_farm", ["north", "--yes"], "There is no farm 'north'"),
        ("create_administrator", ["root", "--password=root"], "too short"),
        ("set_password", ["north", "mona"], "There is no farm 'north'"),
        ("set_password", ["alpha", "nobody"], "alpha has no 'nobody'; there are: "),
        ("set_password", ["public", "nobody"], "public has no 'nobody'"),
        ("backup_farm", ["north", "--into=/tmp"], "There is no farm 'north'"),
        ("restore_farm", ["/nowhere/north.farm.gz"], "No such file or directory"),
    ],
)
def test_commands_end_with_a_sentence(public, command, args, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(command, *args)


def test_create_token_prints_the_token_and_nothing_else(public):
    command = ["create_token", "north", "Manager", "mk4", "--scope=floor"]
    services.add_farm(slug="north", name="North", password=PASSWORD)
    assert re.fullmatch(r"spb_\S{43}\n", run(*command))


def test_set_password_lets_a_manager_in_again_and_an_administrator(public):
    tenant = services.add_farm(slug="north", name="North", password=PASSWORD)
    password = run("set_password", "north", "manager").split()[-1]
    with tenant_context(tenant):
        assert User.objects.get().check_password(password)
    run("create_administrator", "alex", password=PASSWORD)
    assert PASSWORD not in run("set_password", "public", "Alex", password=f"{PASSWORD}8")
    assert User.objects.get(username="alex").check_password(f"{PASSWORD}8")


def test_set_password_says_when_it_is_of_no_use(public, capsys):
    run("create_administrator", "alex", password=PASSWORD)
    User.objects.filter(username="alex").update(is_active=False)
    run("set_password", "public", "alex")
    assert "alex has been deactivated" in capsys.readouterr().err


def test_drop_farm_asks_and_takes_only_the_name_for_an_answer(public, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    with pytest.raises(CommandError, match="Nothing was removed"):
        run("drop_farm", "alpha")


def test_drop_farm_drops(public):
    services.add_farm(slug="north", name="North")
    run("drop_farm", "north", yes=True)
    assert not migrating.existing(["farm_north"])


def test_suspend_farm_and_back(public):
    run("suspend_farm", "alpha")
    assert Tenant.objects.get(slug="alpha").status == "suspended"
    run("suspend_farm", "alpha", resume=True)
    assert Tenant.objects.get(slug="alpha").status == "active"
    assert run("close_farm", "alpha") == "Farm alpha is closed for maintenance\n"
    assert Tenant.objects.get(slug="alpha").status == "maintenance"
    assert run("close_farm", "alpha", resume=True) == "Farm alpha is open\n"
    assert Tenant.objects.get(slug="alpha").status == "active"


def test_slugs_that_look_alike_are_refused_by_name(public):
    with pytest.raises(InvalidSlug):
        services.add_farm(slug="аlpha", name="Cyrillic")
