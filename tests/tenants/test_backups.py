"""A farm in a file: what is in it comes back, under its own name or another, or nothing does."""

import gzip
import json
import re
import stat
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import (
    ClientSetting,
    DeviceReport,
    ExtraField,
    InventoryTransaction,
    Location,
    Spool,
    UsageMeter,
)
from inventory.services.spools import consumption, shelf, tags
from production.models import FiguresMark, PlatePicture, Product, RunPhoto
from production.services import completion, pictures
from tenants.accounts.models import AuditEvent, FarmSettings, User
from tenants.accounts.services import change_settings, issue_token
from tenants.farms import backups, restoring, services
from tenants.models import Domain, DroppedFarm, Tenant
from tenants.schemas import database_role, migrating
from tests.conftest import FarmAPIClient
from tests.factories import (
    PASSWORD,
    a_product,
    a_running_run,
    a_sliced_file,
    a_spool,
    an_encoded_picture,
)
from tests.queries import violations
from tests.tenants.test_farms import described, run


def fill_a_farm():
    """A book with reversals, and text that looks like SQL and like the end of rows."""
    Location.objects.create(name="COPY farm_x.y (id) FROM stdin;\n\\.\nä%s\t\\N")
    consumption.use(a_spool(1000), grams=5, by=None)
    consumption.use(a_spool(1000), grams=5, by=None)
    completion.complete(a_running_run((a_spool(500), 100)), by=None, as_planned=True)
    Location.objects.create(name="gone").delete()
    change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
    fill_what_devices_say()


def fill_what_devices_say():
    """A row of each of their tables; a removed spool, of which no gram is lost."""
    spool, now = a_spool(800), timezone.now()
    token = issue_token(
        User.objects.get(), name="Voron", scope="printer", kind="moonraker", by=None
    )[0]
    tags.bind(spool, uid="04:A2", by=None)
    shelf.describe(spool, by=None, extra={"color": '"\\u00e4\\n"'})
    meter = {"grams": Decimal("0.029832172461"), "started_at": now, "last_report_at": now}
    UsageMeter.objects.create(spool=spool, token=token, **meter)
    dates = {"first_used_at": now, "last_used_at": now}
    Spool.objects.filter(pk=spool.pk).update(metered_grams=meter["grams"], **dates)
    report = {"unit": "length", "amount": "10.0", "received_at": now, "done_at": now}
    lists = {"gaps": [Decimal("5.0")], "booked": [meter["grams"]]}
    DeviceReport.objects.create(token=token, spool=spool, **report, **lists)
    field = {"entity": "spool", "key": "color", "field_type": "choice", "choices": ["a", "b"]}
    ExtraField.objects.create(name="Colour", position=1, **field)
    ClientSetting.objects.create(key="base_url", value='""')
    shelf.remove(a_spool(700), by=None)


@pytest.fixture
def backup(committed_farm, tmp_path):
    """The path of a backup of such a farm."""
    fill_a_farm()
    FiguresMark.objects.all().delete()
    connection.set_schema_to_public()
    Domain.objects.create(host="prints.example.org", tenant=committed_farm)
    return backups.back_up(committed_farm, tmp_path / "kept")


@pytest.fixture
def restored(committed_farm):
    """``restored(path, ...)`` restores; what was restored is dropped afterwards."""
    made = []

    def restore(path, **options):
        made.append(restoring.restore_farm(path, by=None, **options))
        return made[-1].tenant

    yield restore
    for each in made:
        services.drop_farm(each.tenant, by=None)


def dumped(tenant):
    """Tables, rows and last ids of a farm. A farm of a test has first ids of its own, and what was
    left out has ids of earlier tests."""
    lines = described(tenant.schema_name).splitlines()
    own = (", false;", *(f"{name}_id_seq', " for name in backups.LEFT_OUT))
    return sorted(line.rstrip(",;") for line in lines if not any(each in line for each in own))


def lines_of(path):
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def test_a_farm_comes_back_as_it_was(committed_farm, backup, restored):
    before = dumped(committed_farm)
    hosts = set(committed_farm.domains.values_list("host", "is_primary"))
    services.drop_farm(committed_farm, by=None)
    tenant = restored(backup)
    assert (tenant.slug, tenant.name) == (committed_farm.slug, committed_farm.name)
    assert tenant.created_at == committed_farm.created_at
    assert set(tenant.domains.values_list("host", "is_primary")) == hosts
    assert dumped(tenant) == before
    with tenant_context(tenant):
        assert User.objects.get().check_password(PASSWORD)
        assert violations() == []
    event = AuditEvent.objects.of(tenant).get()
    assert (event.verb, event.changes["hosts"][1][-1]) == ("restore", "prints.example.org")


def test_pictures_come_back_with_all_that_shows_them(committed_farm, tmp_path, restored):
    """Of a product, a run and a plate; each is served as it was."""
    product, sliced, run = a_product(), a_sliced_file(), a_running_run((a_spool(500), 100))
    photo, plate = an_encoded_picture(), an_encoded_picture()
    pictures.set_photo(product, photo=photo, by=None)
    pictures.add_photo(run, photo=photo, by=None)
    pictures.keep_plates(sliced, {1: plate})
    connection.set_schema_to_public()
    path = backups.back_up(committed_farm, tmp_path / "kept")
    services.drop_farm(committed_farm, by=None)
    tenant = restored(path)
    host = tenant.domains.get(is_primary=True).host
    with tenant_context(tenant):
        found = Product.objects.get().photo_id, RunPhoto.objects.get().picture_id
        assert found == (photo.sha256, photo.sha256)
        assert PlatePicture.objects.get().picture_id == plate.sha256
        client = FarmAPIClient(host=host)
        client.force_authenticate(User.objects.get())
    for each in (photo, plate):
        address = f"/api/v1/pictures/{each.sha256}/"
        assert client.get(address).content == each.content
        assert client.get(f"{address}thumbnail/").content == each.thumbnail


def test_a_copy_stands_beside_the_farm_and_has_a_host_and_a_role_of_its_own(
    committed_farm, backup, restored
):
    copy = restored(backup, slug="a-copy", keep_access=True)
    assert list(copy.domains.values_list("host", flat=True)) == ["a-copy.localhost"]
    assert dumped(copy) == dumped(committed_farm)
    assert Tenant.objects.get(pk=copy.pk).timezone == "Asia/Tokyo"
    copy.uses_farm_role = True
    with tenant_context(copy):
        consumption.use(a_spool(10), grams=5, by=None)
        assert violations() == []
    with tenant_context(committed_farm):
        assert InventoryTransaction.objects.count() == 8
    copy.uses_farm_role = False


def test_ids_of_rows_that_are_gone_are_not_given_out_again(committed_farm, backup, restored):
    copy = restored(backup, slug="a-copy")
    for tenant in (committed_farm, copy):
        with tenant_context(tenant):
            next_id = Location.objects.create(name="next").pk
            assert next_id == Location.objects.exclude(name="next").get().pk + 2


def test_a_suspended_farm_comes_back_suspended(committed_farm, tmp_path, restored):
    suspended = services.suspend_farm(committed_farm, by=None)
    path = backups.back_up(suspended, tmp_path)
    assert restored(path, slug="a-copy").status == "suspended"


def test_nobody_else_may_read_it_and_nobody_is_signed_in(committed_farm, backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]
    head, *lines = map(bytes.decode, lines_of(backup))
    tables = set(re.findall(r'^{"table": "(\w+)"', "".join(lines), re.MULTILINE))
    with tenant_context(committed_farm):
        everything = set(connection.introspection.table_names())
    assert everything - tables == backups.LEFT_OUT
    assert json.loads(head)["migrations"][0] in migrating.expected()
    assert json.loads(lines[-1])["rows"]["accounts_user"] == 1


def test_it_is_of_one_moment(committed_farm, tmp_path, monkeypatch, restored):
    """What is written while the first tables are copied is in none of them."""
    described, other = backups.tables.of, connection.copy()

    def of(schema):
        other.set_tenant(committed_farm)
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO inventory_location (name, comment) VALUES ('Shelf Z9', '')")
        return described(schema)

    monkeypatch.setattr(backups.tables, "of", of)
    path = backups.back_up(committed_farm, tmp_path)
    other.close()
    assert b"Shelf Z9" not in gzip.decompress(path.read_bytes())


def test_a_farm_that_is_there_is_not_touched(committed_farm, backup):
    with pytest.raises(services.SlugTaken):
        restoring.restore_farm(backup, by=None)
    with pytest.raises(services.HostTaken, match="prints.example.org"):
        restoring.restore_farm(backup, slug="a-copy", hosts=["prints.example.org"], by=None)


def test_when_no_role_can_be_made_nothing_is_restored(backup, monkeypatch):
    monkeypatch.setattr(database_role, "create_role", lambda schema: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        restoring.restore_farm(backup, slug="a-copy", by=None)
    assert not migrating.existing(["farm_a_copy"])
    assert not Tenant.objects.filter(slug="a-copy").exists()


def test_a_file_of_one_migration_earlier_is_restored_and_migrated_on(
    committed_farm, tmp_path, restored
):
    a_spool(1000)
    with connection.cursor() as cursor:
        MigrationExecutor(connection).migrate([("inventory", "0002_initial")])
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'ledger_goes_on'")
        before = cursor.fetchone()[0]
    path = backups.back_up(committed_farm, tmp_path)
    head = json.loads(lines_of(path)[0])
    assert set(migrating.expected()) - set(head["migrations"]) == {"inventory.0003_ledger_guard"}
    copy = restored(path, slug="a-copy")
    assert not migrating.is_behind(copy.schema_name)
    with tenant_context(copy), connection.cursor() as cursor:
        assert violations() == []
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname = 'ledger_goes_on'")
        assert cursor.fetchone()[0] == before + 1


def test_it_is_written_as_the_farm_sees_it_and_waits_for_no_lock(
    committed_farm, tmp_path, monkeypatch
):
    other = connection.copy()
    other.set_tenant(committed_farm)
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_spool IN ACCESS EXCLUSIVE MODE")
    monkeypatch.setattr(backups, "SNAPSHOT", f"{backups.SNAPSHOT}; SET LOCAL lock_timeout = 100")
    with pytest.raises(backups.BackupFailed, match="can't be read: .* lock timeout"):
        backups.back_up(committed_farm, tmp_path)
    other.close()
    with pytest.raises(backups.BackupFailed, match="can't be written to /proc/nowhere"):
        backups.back_up(committed_farm, "/proc/nowhere")
    assert list(tmp_path.iterdir()) == []


def test_a_farm_that_can_not_be_read_does_not_stop_the_others(committed_farms, tmp_path, capsys):
    connection.set_schema_to_public()
    first, broken, last = committed_farms
    migrating.drop(broken.schema_name)
    slugs = [farm.slug for farm in committed_farms]
    with pytest.raises(CommandError, match=f"no new backup of: {broken.slug}[.]"):
        call_command("backup_farm", *slugs, into=tmp_path)
    assert "does not exist" in capsys.readouterr().err
    backup = {path.name.rpartition("-")[0].rpartition("-")[0] for path in tmp_path.iterdir()}
    assert backup == {first.slug, last.slug}


def test_a_farm_that_can_not_be_read_is_dropped_without_a_note(committed_farm):
    connection.set_schema_to_public()
    migrating.drop(committed_farm.schema_name)
    services.drop_farm(committed_farm, by=None)
    assert DroppedFarm.noted(committed_farm.slug) is None


def test_the_commands_say_where_it_is_and_what_to_do_next(committed_farm, tmp_path):
    connection.set_schema_to_public()
    [path] = run("backup_farm", committed_farm.slug, into=tmp_path).split()
    try:
        output = run("restore_farm", path, slug="a-copy")
        assert "Farm a-copy answers on a-copy.localhost" in output
        assert "Nobody can sign in" in output
        assert "manage.py set_password a-copy" in output
        assert "a-copy: all is well (0 spools" in run("verify_ledger", "a-copy")
        with pytest.raises(CommandError, match="Restore it beside that one with --slug"):
            run("restore_farm", path)
    finally:
        run("drop_farm", "a-copy", yes=True)
    assert "can again" in run("restore_farm", path, slug="a-copy", keep_access=True)
    run("drop_farm", "a-copy", yes=True)
