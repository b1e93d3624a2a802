"""Every farm is backed up by itself: at night, or when the computer is on again."""

import os
import stat
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import tenant_context

from tenants.accounts.models import AuditEvent, Backup, User
from tenants.farms import backups, nightly, restoring, services
from tenants.jobs import worker
from tenants.jobs.models import Job
from tests.conftest import browser_of, go_to
from tests.factories import make_user
from tests.responses import refused, text_of
from tests.tenants.test_farms import run

PAGE = "/admin/accounts/backup/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.BACKUPS = tmp_path / "backups"
    return settings.BACKUPS


@pytest.fixture
def client(committed_farm):
    return browser_of(committed_farm, User.objects.get())


def at(monkeypatch, moment):
    monkeypatch.setattr(nightly.timezone, "now", lambda: moment)


def test_a_backup_is_in_the_farms_own_folder_and_can_be_restored(committed_farm, folder):
    backup = nightly.run(committed_farm)
    path = nightly.file_of(committed_farm, backup)
    assert path == folder / committed_farm.slug / backup.file
    assert (path.stat().st_size, stat.S_IMODE(path.stat().st_mode)) == (backup.size, 0o600)
    restored = restoring.restore_farm(path, slug="a-copy", by=None)
    try:
        with tenant_context(restored.tenant):
            assert not Backup.objects.exists()
    finally:
        services.drop_farm(restored.tenant, by=None)


def test_what_a_killed_backup_left_is_deleted_after_a_day(committed_farm, folder):
    own = folder / committed_farm.slug
    own.mkdir(parents=True)
    old, new = own / ".old.farm.gz.draft", own / ".new.farm.gz.draft"
    old.touch()
    os.utime(old, (0, 0))
    new.touch()
    nightly.run(committed_farm)
    assert (old.exists(), new.exists()) == (False, True)


def test_one_a_night_of_the_farm(committed_farm, monkeypatch):
    """Whatever was made by hand; if the night was missed, as soon as it can be."""
    committed_farm.timezone = "Asia/Tokyo"
    night = timezone.now().replace(hour=17, minute=0, second=0)  # 2:00 there
    at(monkeypatch, night - timedelta(hours=3))
    assert nightly.is_due(committed_farm)
    nightly.run(committed_farm)
    assert not nightly.is_due(committed_farm)
    at(monkeypatch, night + timedelta(minutes=1))
    Backup.objects.update(at=night - timedelta(hours=3))
    assert nightly.is_due(committed_farm)
    Backup.objects.create(by=User.objects.get(), file="by-hand", at=night)
    assert nightly.is_due(committed_farm)
    Backup.objects.filter(by=None).update(at=night)
    assert not nightly.is_due(committed_farm)


def test_thirty_nights_are_stored_and_five_by_hand(committed_farm, folder):
    user = User.objects.get()
    for by in (None, user):
        for number in range(32):
            backup = Backup.objects.create(by=by, file=f"{by}-{number}", size=1)
            path = nightly.file_of(committed_farm, backup)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    nightly.run(committed_farm)
    names = {path.name for path in (folder / committed_farm.slug).iterdir()}
    assert Backup.objects.nightly().count() == 30
    assert names == set(Backup.objects.values_list("file", flat=True))
    assert {name for name in names if name.startswith("manager-")} == {
        f"manager-{number}" for number in range(27, 32)
    }


def test_a_row_leads_to_no_other_farms_folder(committed_farm, folder):
    stolen = Backup(file=f"../beta/x{backups.SUFFIX}")
    assert nightly.file_of(committed_farm, stolen).parent == folder / committed_farm.slug


def test_what_fails_is_recorded_and_after_two_managers_are_alerted(committed_farm, folder, client):
    nightly.run(committed_farm)
    page = client.get("/admin/").content.decode()
    assert "Last <a href" in page
    assert "errornote" not in page
    folder.rename(folder.with_name("moved"))
    folder.touch()  # a file is in the way
    for alerts in (0, 1):
        with pytest.raises(backups.BackupFailed):
            nightly.run(committed_farm)
        assert client.get("/admin/").content.decode().count("errornote") == alerts
    assert "Not a directory" in client.get("/admin/").content.decode()
    assert Backup.objects.failed().count() == 2
    Backup.objects.failed().delete()
    Backup.objects.update(at=timezone.now() - timedelta(days=3))
    assert "The last backup of this farm is of" in client.get("/admin/").content.decode()


def test_one_farm_does_not_hinder_the_others(committed_farms, monkeypatch, caplog):
    first, broken, last = committed_farms
    write, is_due = backups._write, nightly.is_due

    def of_all_but_one(tenant, file, now):
        if tenant == broken:
            raise OSError("unreadable")
        write(tenant, file, now)

    monkeypatch.setattr(backups, "_write", of_all_but_one)
    monkeypatch.setattr(nightly, "is_due", committed_farms.__contains__)
    nightly.back_up_due()
    outcomes = {}
    for farm in committed_farms:
        with tenant_context(farm):
            outcomes[farm] = [bool(backup.problem) for backup in Backup.objects.all()]
    assert outcomes == {first: [False], broken: [True], last: [False]}
    assert f"There is no new backup of {broken.slug}" in caplog.text
    monkeypatch.setattr(backups, "_write", write)
    monkeypatch.setattr(nightly, "is_due", is_due)
    connection.set_schema_to_public()
    paths = run("backup_farm", first.slug, broken.slug, last.slug, due=True).split()
    assert [nightly.folder_of(broken).name in path for path in paths] == [True]


def test_the_worker_looks_each_hour_for_what_is_due(
    django_db_setup, django_db_blocker, monkeypatch
):
    app, calls = worker.make_app(), []
    worker._schedule(app)
    monkeypatch.setattr(nightly, "back_up_due", lambda: calls.append("due"))
    with django_db_blocker.unblock():
        app.tasks["back_up_due"].func(0)
    crons = {
        periodic.task.name: periodic.cron
        for periodic in app.periodic_registry.periodic_tasks.values()
    }
    assert (calls, crons["back_up_due"]) == (["due"], "7 * * * *")


def test_a_manager_backs_up_and_downloads_and_nobody_else(committed_farm, client):
    page = client.post(f"{PAGE}now/")["Location"]
    assert client.post(f"{PAGE}now/")["Location"] == page  # the same job
    assert "Waiting for its turn" in client.get(page).content.decode()
    worker.work_off()
    go_to(committed_farm)
    backup, job = Backup.objects.get(), Job.objects.get()
    assert (job.status, job.done) == ("done", job.total)
    path = f"{PAGE}{backup.pk}/file/"
    assert f'<a href="{path}" download>Download {backup.file}</a>' in text_of(client.get(page))
    refused(client.get(f"/api/v1/jobs/{job.pk}/result/"), 409, "job_has_no_result")
    answer = client.get(path)
    content = b"".join(answer.streaming_content)
    assert content == nightly.file_of(committed_farm, backup).read_bytes()
    assert f'filename="{backup.file}"' in answer["Content-Disposition"]
    assert client.get(f"{PAGE}now/").status_code == 405
    verbs = AuditEvent.objects.of(backup).order_by("pk").values_list("verb", "by__username")
    assert list(verbs) == [("back_up", "manager"), ("download", "manager")]
    nightly.file_of(committed_farm, backup).unlink()
    assert (
        f"The file {backup.file} is not in its folder"
        in client.get(path, follow=True).content.decode()
    )
    client.force_login(make_user(role="operator"))
    for answer in (client.get(PAGE), client.get(path), client.post(f"{PAGE}now/")):
        assert answer.status_code == 403
    assert "backup" not in client.get("/admin/").content.decode().lower()
    assert connection.schema_name == committed_farm.schema_name
