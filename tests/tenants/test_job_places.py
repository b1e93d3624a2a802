"""How many jobs of a farm may be unfinished, and who has a place for one more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.accounts.services import issue_token
from tenants.jobs import backups, exports, places, services
from tenants.jobs.models import Job
from tests.factories import make_user

HALF = places.MAX_UNFINISHED // 2
RESTORE = backups.RESTORE


@pytest.fixture
def people(farm):
    return [make_user(role=role) for role in ("viewer", "operator", "manager")]


def begin(by, times=1, kind=exports.EXPORT):
    for _ in range(times):
        services.start(kind, by=by, title="", arguments={"number": Job.objects.count()})


def refused(by, kind=exports.EXPORT):
    """The figures of the refusal."""
    with pytest.raises(places.TooManyJobs) as refused:
        begin(by, kind=kind)
    assert refused.value.status == 429
    return refused.value


def test_one_person_has_half_of_the_places_whatever_the_tokens(people):
    viewer, operator, manager = people
    begin(viewer, HALF - 1)
    viewer.token, _secret = issue_token(viewer, name="X", scope="read", by=viewer)
    begin(viewer)
    refusal = refused(viewer)
    assert f"{HALF} jobs of {viewer.username} are not finished, of at most {HALF}" in str(refusal)
    assert (refusal.numbers["count"], refusal.numbers["limit"]) == (HALF, HALF)
    begin(manager, HALF)
    assert str(refused(operator)).startswith("20 jobs are not finished, of at most 20: try again")
    services.cancel(Job.objects.filter(by=viewer).first(), by=viewer)
    begin(operator)


def test_backups_and_restores_have_places_of_their_own(people):
    viewer, operator, manager = people
    begin(viewer, HALF)
    begin(manager, HALF)
    assert backups.start_backup(by=manager) == backups.start_backup(by=manager)
    begin(manager, kind=RESTORE)
    assert f"2 jobs of {manager.username} are not finished" in str(refused(manager, RESTORE))
    begin(operator, 2, kind=RESTORE)
    assert "4 jobs are not finished, of at most 4" in str(refused(viewer, RESTORE))
    Job.objects.filter(kind=exports.EXPORT).delete()
    begin(viewer)


def test_the_system_is_no_person(farm):
    begin(None, places.MAX_UNFINISHED)
    refused(None)


@pytest.mark.parametrize(
    ("took", "ahead", "seconds"),
    [(None, 0, 5), (0.2, 0, 1), (0.2, 9, 2), (40, 2, 120), (40, 9, 300)],
)
def test_retry_after_is_how_long_the_next_one_takes(people, took, ahead, seconds):
    viewer, operator, _manager = people
    begin(operator, ahead)
    begin(viewer, HALF)
    if took:
        begin(operator)
        now = timezone.now()
        times = {"started_at": now - timedelta(seconds=took), "finished_at": now}
        Job.objects.filter(by=operator, pk=Job.objects.first().pk).update(status="done", **times)
    refusal = refused(viewer)
    assert refusal.numbers["retry_after_seconds"] == seconds
    assert f"try again in {seconds} s" in str(refusal)
