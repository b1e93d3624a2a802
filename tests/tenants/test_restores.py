"""A manager restores the farm from one of its own backups, as a job of the owner's worker."""

import pytest
from django.core import signing
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_context

from inventory.models import Location
from production.services import completion
from tenants.accounts import services as people
from tenants.accounts.models import AuditEvent, Backup, DeviceToken, FarmSettings, User
from tenants.accounts.services import change_settings
from tenants.farms import backups as files
from tenants.farms import nightly, replacing, restoring
from tenants.jobs import backups, services, working
from tenants.jobs.models import Job
from tenants.models import Tenant
from tenants.schemas import database_role, migrating
from tests.budgets import deep
from tests.conftest import browser_of, go_to
from tests.factories import PASSWORD, a_filament, a_running_run, a_spool, make_token, make_user
from tests.queries import violations
from tests.responses import text_of
from tests.serving import serving
from tests.spans import watching
from tests.tenants.test_jobs import execute_beside

PAGE = "/admin/accounts/backup/"


@pytest.fixture(autouse=True)
def folder(committed_farm, settings, tmp_path):
    settings.BACKUPS = tmp_path
    return tmp_path / committed_farm.slug


@pytest.fixture
def by(committed_farm):
    return User.objects.get(username="manager")


@pytest.fixture
def client(committed_farm, by):
    return browser_of(committed_farm, by)


@pytest.fixture
def backup(committed_farm, by):
    Location.objects.create(name="then")
    completion.complete(a_running_run((a_spool(500), 100)), by=None, as_planned=True)
    return nightly.run(committed_farm)


@pytest.fixture
def do(committed_farm):
    def run(job):
        try:
            working.work(committed_farm.schema_name, job.pk)
        finally:
            go_to(committed_farm)
        return Job.objects.get(pk=job.pk)

    return run


def places():
    return set(Location.objects.values_list("name", flat=True))


def file_of(farm, backup):
    return nightly.file_of(farm, backup)


def start(backup, by):
    return backups.start_restore(backup, by=by, since=backups.last_restore())


def test_a_farm_is_as_it_was_and_can_be_again_as_it_is_now(committed_farm, by, backup, client, do):
    make_token(by, name="Slicer")
    stolen = DeviceToken.objects.get()
    content = nightly.run(committed_farm)  # with the token
    people.revoke_token(stolen, by=by)
    Location.objects.create(name="since")
    change_settings(FarmSettings.load(), by=by, timezone="Asia/Tokyo")
    page = f"{PAGE}{content.pk}/restore/"
    assert f'<a href="{page}">Restore this one …</a>' in text_of(client.get(PAGE))
    assert "All that was entered since then is no longer there" in text_of(client.get(page))
    assert "That is not the password of" in text_of(client.post(page, {"password": PASSWORD[1:]}))
    assert not Job.objects.exists()
    at = client.post(page, {"password": PASSWORD, "since": ""})["Location"]
    with watching() as watched:
        job = do(Job.objects.get())
    assert watched.last("farm.restore_in_place")["outcome"] == "ok"
    assert (job.status, job.by.username, places()) == ("done", "manager", {"then"})
    assert job.arguments == {}
    assert violations() == []
    assert DeviceToken.objects.get().revoked_at
    assert client.get(at)["Location"].startswith("/admin/login/")
    client.force_login(job.by)
    result = client.get(f"/api/v1/jobs/{job.pk}/result/").streaming_content
    report = b"".join(result).decode()
    assert "Tokens: Slicer" in report
    before = Backup.objects.latest_first()[0]
    assert report.endswith(f"As it was before: {before.file}\n")
    changes = AuditEvent.objects.of(before).get(verb="restore").changes
    assert changes["before"] == [None, before.file]
    with schema_context("public"):
        assert Tenant.objects.get(pk=committed_farm.pk).timezone == "UTC"
        assert AuditEvent.objects.of(committed_farm).filter(verb="restore").exists()
        assert not migrating.existing([f"replaced_{committed_farm.pk}"])
    again = do(start(before, job.by))
    assert again.pk > job.pk
    assert (again.status, places()) == ("done", {"then", "since"})
    assert not Job.objects.filter(pk=job.pk).exists()  # of its files, nothing is in a backup
    assert Backup.objects.count() == 4


def test_numbers_go_on_after_those_that_were_given(committed_farm, by, do):
    spool, filament = a_spool(), a_filament()
    gone = filament.number
    filament.delete()
    do(start(nightly.run(committed_farm), by))
    assert a_filament().number == gone + 1
    assert a_spool().number == spool.number + 1


def test_it_is_done_once_and_who_did_what_since_then_stays_on_record(
    committed_farm, by, backup, client, do
):
    page = f"{PAGE}{backup.pk}/restore/"
    people.change(make_user(username="dora"), by=by, role="viewer")
    sent = {"password": PASSWORD, "since": ""}
    assert 'name="since" value=""' in text_of(client.get(page))
    for _ in range(2):
        client.post(page, sent)
    first, second = Job.objects.order_by("pk")
    assert do(first).status == "done"
    events = AuditEvent.objects.filter(object_label="dora", verb="change")
    assert [(event.by, event.by_name) for event in events] == [(by, str(by))]
    assert not User.objects.filter(username="dora").exists()
    assert not Job.objects.filter(pk=second.pk).exists()
    client.force_login(by)
    assert "was restored meanwhile" in text_of(client.post(page, sent))
    late = services.start(
        backups.RESTORE, by=by, title="", arguments=confirmed_by(by, backup, since="")
    )
    assert refused(do(late), "restored_meanwhile")
    assert AuditEvent.objects.filter(verb="restore").count() == 1
    assert violations() == []


def refused(job, code):
    return (job.status, job.problem["code"]) == ("refused", code)


def test_what_is_refused_changes_nothing(committed_farm, by, backup, do, monkeypatch, folder):
    nora = make_user(role="manager", username="nora")
    foreign = folder / "foreign.farm.gz"
    monkeypatch.setattr(files, "_described", lambda farm: described(farm) | {"slug": "other"})
    files.back_up(committed_farm, folder).rename(foreign)
    monkeypatch.undo()
    Location.objects.create(name="since")
    kept = set(folder.iterdir())
    unsigned, stale = (start(backup, by) for _ in range(2))
    Job.objects.filter(pk=unsigned.pk).update(arguments={"confirmed": [backup.file, by.pk]})
    Job.objects.filter(pk=stale.pk).update(arguments=confirmed_by(nora, backup))
    assert refused(do(unsigned), "not_confirmed")
    assert refused(do(stale), "not_confirmed")
    monkeypatch.setattr(backups, "MAX_AGE", -1)
    assert refused(do(start(backup, by)), "not_confirmed")
    monkeypatch.undo()
    assert refused(do(start(backup, nora)), "not_in_backup")
    for name in ("foreign.farm.gz", "missing.farm.gz", "../x.farm.gz"):
        backup.file = name
        assert refused(do(start(backup, by)), "invalid_backup")
    assert places() == {"then", "since"}
    assert set(folder.iterdir()) == kept
    assert Backup.objects.count() == 1


described = files._described


def confirmed_by(user, backup, since=""):
    values = [backup.file, user.pk, since]
    return {"confirmed": signing.dumps(values, salt=backups._salt())}


def test_meanwhile_it_is_read_and_nothing_is_entered(
    committed_farm, by, backup, do, monkeypatch, folder
):
    """And a job that is cancelled then has no effect."""
    fill, seen, job = restoring.fill, [], start(backup, by)
    kept = set(folder.iterdir())

    def while_filling(farm, *arguments):
        fill(farm, *arguments)
        seen.append(beside("SELECT count(*) FROM inventory_location"))
        with pytest.raises(DatabaseError, match="lock timeout"):
            beside("INSERT INTO inventory_location (name, comment) VALUES ('x', '')")
        with transaction.atomic():
            go_to(committed_farm)
            execute_beside("UPDATE jobs_job SET status = 'cancelled', finished_at = now()")

    def beside(statement):
        other = connection.copy()
        other.set_tenant(committed_farm)
        with other.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = 50; {statement}")
            rows = cursor.description and cursor.fetchall()
        other.close()
        return rows

    monkeypatch.setattr(replacing.restoring, "fill", while_filling)
    Location.objects.create(name="since")
    assert do(job).status == "cancelled"
    assert (places(), len(seen)) == ({"then", "since"}, 1)
    assert set(folder.iterdir()) == kept


def test_a_backup_that_is_cancelled_leaves_no_file(committed_farm, by, do, monkeypatch, folder):
    run, job = nightly.run, backups.start_backup(by=by)

    def cancelled(farm, **options):
        backup = run(farm, **options)
        execute_beside("UPDATE jobs_job SET status = 'cancelled', finished_at = now()")
        return backup

    monkeypatch.setattr(nightly, "run", cancelled)
    assert do(job).status == "cancelled"
    assert (Backup.objects.count(), list(folder.iterdir())) == (0, [])
    with pytest.raises(services.JobEnded):
        services.cancel(job, by=by)


@deep  # 5 s for a server of its own
def test_where_farms_have_logins_a_restored_farm_is_served_as_before(
    committed_farm, by, backup, do, settings, tmp_path
):
    settings.FARM_LOGIN_KEY = "a key"
    database_role.let_log_in(committed_farm.schema_name)
    with (
        serving(tmp_path, SPOOLBOOK_FARM_LOGIN_KEY="a key") as own,
        own.client(committed_farm) as browser,
    ):

        def seen():
            headers = {"Authorization": f"Token {make_token(by)}"}
            answer = browser.get("/api/v1/locations/", headers=headers)
            return {each["name"] for each in answer.json()["results"]}

        Location.objects.create(name="since")
        assert seen() == {"then", "since"}
        assert do(start(backup, by)).status == "done"
        assert seen() == {"then"}
