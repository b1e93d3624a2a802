"""A farm in a file: what is in it comes back, under its own name or another, or nothing does."""

import gzip
import json
import stat
import subprocess

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import schema_context, tenant_context

from inventory.models import InventoryTransaction, Location
from inventory.services.spools import consumption
from production.services import completion
from tenants.accounts.models import AuditEvent, FarmSettings, User
from tenants.accounts.services import change_settings
from tenants.farms import backups, services
from tenants.models import Domain, Tenant
from tenants.schemas import database_role, migrating, template
from tests.factories import PASSWORD, a_running_run, a_spool
from tests.queries import violations
from tests.tenants.test_farms import described, run


@pytest.fixture
def backup(committed_farm, tmp_path):
    """The path of a backup of a farm with a book, and with text that looks like SQL."""
    Location.objects.create(name=f"COPY {committed_farm.schema_name}.x (id) FROM stdin;\n\\.\nä%s")
    consumption.use(a_spool(1000), grams=5, by=None)
    completion.complete(a_running_run((a_spool(500), 100)), by=None, as_planned=True)
    change_settings(FarmSettings.load(), by=None, timezone="Asia/Tokyo")
    connection.set_schema_to_public()
    Domain.objects.create(host="prints.example.org", tenant=committed_farm)
    return backups.back_up(committed_farm, tmp_path / "kept")


@pytest.fixture
def restored(committed_farm):
    """``restored(path, ...)`` restores; what was restored is dropped afterwards."""
    made = []

    def restore(path, **options):
        made.append(backups.restore_farm(path, by=None, **options))
        return made[-1]

    yield restore
    for tenant in made:
        services.drop_farm(tenant, by=None)


def dumped(tenant):
    return described(tenant.schema_name)


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


def test_a_copy_stands_beside_the_farm_and_has_a_host_and_a_role_of_its_own(
    committed_farm, backup, restored
):
    copy = restored(backup, slug="a-copy")
    assert list(copy.domains.values_list("host", flat=True)) == ["a-copy.localhost"]
    assert committed_farm.schema_name in dumped(copy), "what is written in rows is not renamed"
    assert dumped(copy).replace(committed_farm.schema_name, "farm_x") == dumped(committed_farm)
    assert Tenant.objects.get(pk=copy.pk).timezone == "Asia/Tokyo"
    copy.uses_farm_role = True
    with tenant_context(copy):
        consumption.use(a_spool(10), grams=5, by=None)
        assert violations() == []
    with tenant_context(committed_farm):
        assert InventoryTransaction.objects.count() == 4
    copy.uses_farm_role = False


def test_a_suspended_farm_comes_back_suspended(committed_farm, tmp_path, restored):
    suspended = services.suspend_farm(committed_farm, by=None)
    path = backups.back_up(suspended, tmp_path)
    assert restored(path, slug="a-copy").status == "suspended"


def test_nobody_else_may_read_it_and_nobody_is_signed_in(committed_farm, backup, tmp_path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]
    text = gzip.decompress(backup.read_bytes()).decode()
    assert "COPY " + template.PLACEHOLDER + ".accounts_user (" in text
    assert "COPY " + template.PLACEHOLDER + ".django_session (" not in text


def first_line(path, **changes):
    line, _, rest = gzip.decompress(path.read_bytes()).partition(b"\n")
    head = json.loads(line.removeprefix(backups.FIRST)) | changes
    return gzip.compress(backups.FIRST + json.dumps(head).encode() + b"\n" + rest)


def cut(path, where):
    """Of the text before what is named and the line after it."""
    before, found, rest = gzip.decompress(path.read_bytes()).partition(where)
    return gzip.compress(before + found + rest.partition(b"\n")[0] + b"\n")


FIRST_ROWS = f"COPY {template.PLACEHOLDER}.accounts_user (".encode()
SPOILT = {
    "empty": (lambda path: b"", "is no backup"),
    "another file": (lambda path: gzip.compress(b"SELECT 1;"), "is no backup"),
    "not gzip": (lambda path: b"hello", "can't be read: Not a gzipped file"),
    "half of it": (lambda path: path.read_bytes()[:-2000], "can't be read: Compressed file ended"),
    "cut in rows": (lambda path: cut(path, FIRST_ROWS), "among the rows"),
    "cut behind": (lambda path: cut(path, b"setval"), "its end is missing"),
    "newer": (lambda path: first_line(path, format=2), "by a newer Spoolbook"),
    "no hosts": (lambda path: first_line(path, hosts=7), "can't be read"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_of_a_file_that_is_not_whole_nothing_is_left(backup, how):
    spoil, sentence = SPOILT[how]
    spoilt = backup.with_name("spoilt")
    spoilt.write_bytes(spoil(backup))
    with pytest.raises(backups.InvalidBackup, match=sentence):
        backups.restore_farm(spoilt, slug="a-copy", by=None)
    assert not Tenant.objects.filter(slug="a-copy").exists()
    assert not migrating.existing(["farm_a_copy"])


def test_a_farm_that_is_there_is_not_touched(committed_farm, backup):
    with pytest.raises(services.SlugTaken):
        backups.restore_farm(backup, by=None)
    with pytest.raises(services.HostTaken, match="prints.example.org"):
        backups.restore_farm(backup, slug="a-copy", hosts=["prints.example.org"], by=None)


def test_when_the_wall_can_not_be_built_nothing_is_restored(backup, monkeypatch):
    monkeypatch.setattr(database_role, "create_role", lambda schema: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backups.restore_farm(backup, slug="a-copy", by=None)
    assert not migrating.existing(["farm_a_copy"])


def test_what_the_file_lacks_is_migrated(committed_farm, tmp_path, restored):
    with tenant_context(committed_farm), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '0003_ledger_guard'")
        cursor.execute("DROP FUNCTION refuse_ledger_change() CASCADE")
        cursor.execute("DROP FUNCTION require_next_of_ledger() CASCADE")
        cursor.execute("DROP FUNCTION require_balance_of_ledger() CASCADE")
    copy = restored(backups.back_up(committed_farm, tmp_path), slug="a-copy")
    assert not migrating.is_behind(copy.schema_name)


def test_when_pg_dump_fails_no_file_is_left(committed_farm, tmp_path, monkeypatch):
    output = ["sh", "-c", "echo 'CREATE SCHEMA x;'; echo 'no such schema' >&2; exit 1"]
    monkeypatch.setattr(backups, "dumping", lambda *_: (output, {}))
    with pytest.raises(backups.BackupFailed, match="no such schema"):
        backups.back_up(committed_farm, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_written_to_is_named(committed_farm):
    with pytest.raises(backups.BackupFailed, match="can't be written to /proc/nowhere"):
        backups.back_up(committed_farm, "/proc/nowhere")


def test_a_farm_that_is_locked_does_not_keep_its_backup_waiting(
    committed_farm, tmp_path, monkeypatch
):
    monkeypatch.setattr(template, "LOCK_TIMEOUT", "100ms")
    other = connection.copy()
    other.set_tenant(committed_farm)
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_spool IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(backups.BackupFailed, match="due to statement timeout|lock timeout"):
        backups.back_up(committed_farm, tmp_path)
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_a_farm_that_can_not_be_read_does_not_stop_the_others(committed_farms, tmp_path, capsys):
    connection.set_schema_to_public()
    first, broken, last = committed_farms
    migrating.drop(broken.schema_name)
    slugs = [farm.slug for farm in committed_farms]
    with pytest.raises(CommandError, match=f"no new backup of: {broken.slug}[.]"):
        call_command("backup_farm", *slugs, into=tmp_path)
    assert "no matching schemas were found" in capsys.readouterr().err
    backup = {path.name.rpartition("-")[0].rpartition("-")[0] for path in tmp_path.iterdir()}
    assert backup == {first.slug, last.slug}


def test_the_commands_tell_where_it_is_and_what_to_do_next(committed_farm, tmp_path):
    connection.set_schema_to_public()
    paths = run("backup_farm", into=tmp_path).split()
    assert len(paths) == Tenant.objects.count()
    [path] = [path for path in paths if committed_farm.slug in path]
    try:
        output = run("restore_farm", path, slug="a-copy")
        assert "Farm a-copy answers on a-copy.localhost" in output
        assert "a-copy: all is well (0 spools" in run("verify_ledger", "a-copy")
        with pytest.raises(CommandError, match="Restore it beside that one with --slug"):
            run("restore_farm", path)
    finally:
        run("drop_farm", "a-copy", yes=True)


def test_psql_can_read_it_too(backup):
    text = (
        gzip.decompress(backup.read_bytes()).decode().replace(template.PLACEHOLDER, "farm_by_hand")
    )
    command, environment = template.dumping("farm_by_hand")
    by_hand = [connection.program("psql"), command[-1].removeprefix("--dbname="), "-v"]
    done = subprocess.run(
        [*by_hand, "ON_ERROR_STOP=1", "-q", "-1"],
        env=environment, input=text, text=True, capture_output=True, check=False,
    )  # fmt: skip
    with schema_context("public"):
        is_there = migrating.existing(["farm_by_hand"])
        migrating.drop("farm_by_hand")
    assert (done.returncode, is_there) == (0, {"farm_by_hand"}), done.stderr
