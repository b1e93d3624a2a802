"""Jobs: begun in the transaction of a verb, done once by whoever finds them."""

import asyncio
import signal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from inventory.models import Location
from tenants.accounts import services as people
from tenants.accounts.models import DeviceToken, User
from tenants.farms import services as farms
from tenants.jobs import files, kinds, services, worker, working
from tenants.jobs.models import Job
from tenants.jobs.record import NotNow, Record
from tenants.operations import progress
from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Invalid
from tenants.schemas import database_role, job_queue
from tests.conftest import go_to, work_off
from tests.factories import make_user
from tests.spans import watching


class NoPlace(Invalid):
    code = "no_place_for_tests"
    title = "There is no such place"


def make_places(job, *, by):
    """As a kind of job: a place for each name."""
    for name in progress.counting(job.arguments["names"]):
        if name == "refuse":
            raise NoPlace("No place is called so.")
        if name == "fail":
            raise ZeroDivisionError
        Location.objects.create(name=name)
    return kinds.Result("places.txt", "text/plain", [b"made by ", str(by).encode()])


@pytest.fixture(autouse=True)
def _kind():
    kinds.register("places", make_places)
    yield
    kinds._kinds.pop("places")


@pytest.fixture
def by(committed_farm):
    return make_user(role="operator", username="jo", name="Jo")


def begin(*names, by, **options):
    options |= {"title": "Places", "permission": "inventory.add_location"}
    return services.start("places", by=by, arguments={"names": names}, **options)


def queued():
    with connection.cursor() as cursor:
        cursor.execute(job_queue.WAITING)
        return cursor.fetchall()


def do(farm, job, **options):
    try:
        working.work(farm.schema_name, job.pk, **options)
    finally:
        go_to(farm)
    return Job.objects.get(pk=job.pk)


def places():
    return set(Location.objects.values_list("name", flat=True))


def test_a_job_is_begun_done_and_kept(committed_farm, by):
    job = begin("A", "B", by=by, total=2, content=b"x" * 600_000)
    assert (job.status, queued()) == ("waiting", [(committed_farm.schema_name, job.pk)])
    work_off(committed_farm)
    job.refresh_from_db()
    assert (job.status, job.done, job.total, job.percent) == ("done", 2, 2, 100)
    assert (job.result_name, job.result_bytes, job.problem) == ("places.txt", 10, None)
    assert b"".join(files.read(job, is_result=True)) == b"made by Jo"
    assert [len(block) for block in files.read(job, is_result=False)] == [262144, 262144, 75712]
    assert (places(), queued()) == ({"A", "B"}, [])


def test_what_a_job_is_refused_stands_in_its_row(committed_farm, by):
    refused, failed = begin("A", "refuse", by=by), begin("B", "fail", by=by)
    work_off(committed_farm)
    refused.refresh_from_db()
    failed.refresh_from_db()
    assert (refused.status, refused.problem["code"]) == ("refused", "no_place_for_tests")
    assert (failed.status, failed.problem["code"]) == ("failed", "server_error")
    assert places() == set()


def test_a_verb_that_is_rolled_back_leaves_no_job_anywhere(committed_farm, by):
    def verb():
        begin("A", by=by)
        raise NoPlace()

    with pytest.raises(NoPlace):
        in_transaction(verb)
    assert (Job.objects.count(), queued()) == (0, [])


def test_a_job_that_is_found_twice_has_its_effect_once(committed_farm, by):
    job = begin("A", by=by)
    first, second = do(committed_farm, job), do(committed_farm, job)
    assert (first.status, second.tries, places()) == ("done", 1, {"A"})


def test_while_one_worker_does_a_job_another_leaves_it_alone(committed_farm, by):
    job = begin("A", by=by)
    other = Record(committed_farm, job.pk, is_stopping=lambda: False)
    assert other.take() == 1
    with pytest.raises(NotNow):
        do(committed_farm, job)
    other.close()  # as of a worker that was killed: PostgreSQL gives its lock back
    assert (do(committed_farm, job).status, places()) == ("done", {"A"})


def test_a_job_of_a_worker_that_was_killed_is_found_again(committed_farm, by):
    job = begin("A", by=by)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL search_path = jobs; UPDATE procrastinate_jobs SET status = 'doing'; "
            f"SET LOCAL search_path = {committed_farm.schema_name}"
        )
    work_off(committed_farm)
    assert Job.objects.get().status == "waiting"
    asyncio.run(find_lost())
    work_off(committed_farm)
    job.refresh_from_db()
    assert (job.status, places()) == ("done", {"A"})


async def find_lost():
    app = worker.make_app()
    worker._schedule(app)
    async with app.open_async():
        await app.tasks["find_lost"].func(0)


def test_a_worker_waits_for_a_database_that_is_away_and_ends_by_a_signal(monkeypatch):
    tries = []

    async def serve():
        tries.append(None)
        if len(tries) < 3:
            raise OSError("The database is away")
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(60)

    monkeypatch.setattr(worker, "_serve", serve)
    monkeypatch.setattr(worker, "AWAY_SECONDS", 0)
    asyncio.run(worker.run())
    assert len(tries) == 3


def test_a_job_that_ends_every_worker_is_given_up(committed_farm, by):
    job = begin("A", by=by)
    Job.objects.filter(pk=job.pk).update(status="running", tries=3)
    job = do(committed_farm, job)
    assert (job.status, job.problem["code"], places()) == ("failed", "given_up", set())


def test_a_worker_that_is_stopped_puts_the_job_back(committed_farm, by):
    job = begin("A", by=by)
    with pytest.raises(NotNow):
        do(committed_farm, job, is_stopping=lambda: True)
    job.refresh_from_db()
    assert (job.status, job.tries, places()) == ("waiting", 0, set())


def test_a_job_is_cancelled_before_it_runs_and_while_it_does(committed_farm, by):
    waiting, *running = (begin(name, by=by) for name in "ABC")
    services.cancel(waiting, by=by)
    for job, work in zip(running, (cancelled_first, cancelled_last), strict=True):
        kinds.register("places", work)
        assert (do(committed_farm, job).status, places()) == ("cancelled", set())
        with pytest.raises(services.JobEnded):
            services.cancel(job, by=by)
    kinds.register("places", make_places)
    work_off(committed_farm)
    assert (places(), queued()) == (set(), [])
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled"}


def cancelled_first(job, *, by):
    cancel_meanwhile(job)
    make_places(job, by=by)
    pytest.fail("It went on.")


def cancelled_last(job, *, by):
    result = make_places(job, by=by)
    cancel_meanwhile(job)
    return result


def cancel_meanwhile(job):
    execute_beside(
        "UPDATE jobs_job SET status = 'cancelled', finished_at = now() WHERE id = %s", job.pk
    )


def execute_beside(statement, *values):
    beside = connection.copy()
    beside.set_tenant(connection.tenant)
    with beside.cursor() as cursor:
        cursor.execute(statement, values)
    beside.close()


def test_who_may_not_do_it_any_more_is_refused(committed_farm, by):
    job = begin("A", by=by)
    make_user(role="manager", username="mia")
    people.deactivate(by, by=None)
    job = do(committed_farm, job)
    assert (job.status, job.problem["code"]) == ("refused", "not_permitted_any_more")


@pytest.mark.parametrize("way", ["revoked", "expired", "narrowed", "reactivated", "session"])
def test_a_job_of_who_was_shut_out_since_is_refused(committed_farm, by, way):
    make_user(role="manager", username="mia")
    other, token = (people.issue_token(by, name=n, scope="all", by=by)[0] for n in "XY")
    stays = begin("A", by=came_with(by, other), instead_of=Job.UNFINISHED)
    job = begin("A", by=came_with(by, way != "session" and token), instead_of=Job.UNFINISHED)
    assert stays != job
    if way == "revoked":
        people.revoke_token(token, by=by)
    elif way in ("expired", "narrowed"):
        change = {"expires_at": timezone.now()} if way == "expired" else {"scope": "read"}
        DeviceToken.objects.filter(pk=token.pk).update(**change)
    else:
        people.deactivate(by, by=None)
        people.reactivate(by, by=None)
    job = do(committed_farm, job)
    assert (job.status, job.problem["code"]) == ("refused", "not_permitted_any_more")
    assert places() == set()
    if way in ("revoked", "expired"):
        assert f"begun with has {'been ' * (way == 'revoked')}{way}: Y" in job.problem["detail"]
        assert (do(committed_farm, stays).status, places()) == ("done", {"A"})


@pytest.mark.parametrize(
    "shut_out",
    [
        "UPDATE accounts_devicetoken SET revoked_at = now()",
        "UPDATE accounts_user SET sessions_ended_at = now()",
    ],
)
def test_who_is_shut_out_while_a_job_runs_has_no_effect(committed_farm, by, shut_out):
    def work(job, *, by):
        assert (by.scope, by.token.name) == ("floor", "X")
        result = make_places(job, by=by)
        execute_beside(shut_out)
        return result

    token, _secret = people.issue_token(by, name="X", scope="floor", by=by)
    job = begin("A", by=came_with(by, token))
    kinds.register("places", work)
    job = do(committed_farm, job)
    assert (job.status, job.problem["code"]) == ("refused", "not_permitted_any_more")
    assert places() == set()


def came_with(user, token):
    user = User.objects.get(pk=user.pk)
    if token:
        user.token, user.scope = token, token.scope
    return user


def test_the_same_job_is_begun_once(committed_farm, by):
    job = begin("A", by=by)
    assert begin("A", by=by, instead_of=Job.UNFINISHED) == job


def test_two_who_begin_the_same_job_at_once_begin_one(committed_farm, by, in_threads):
    jobs = in_threads(lambda _: begin("A", by=by, instead_of=Job.UNFINISHED), 4)
    assert len({job.pk for job in jobs}) == 1 == len(queued())


def test_files_are_kept_for_a_day_and_within_the_quota(committed_farm, by, settings):
    old, large, last = (begin(name, by=by) for name in "ABC")
    work_off(committed_farm)
    large.refresh_from_db()
    assert large.finished_at
    settings.MAX_JOB_RESULT_BYTES = 15
    services.forget_old(large.finished_at)
    assert {job.pk for job in Job.objects.exclude(result_bytes=None)} == {last.pk}
    Job.objects.filter(pk=last.pk).update(finished_at="2020-01-01T00:00Z")
    worker.forget_old_of_all()
    go_to(committed_farm)
    assert set(Job.objects.all()) == {old, large}
    assert list(files.read(large, is_result=True)) == []


def test_jobs_of_a_suspended_farm_wait_and_those_of_a_dropped_one_vanish(committed_farms, by):
    farm, other, _ = committed_farms
    job = begin("A", by=by)
    farms.suspend_farm(farm, by=None)
    work_off(farm)
    assert (queued(), Job.objects.get().status) == ([(farm.schema_name, job.pk)], "waiting")
    farms.resume_farm(farm, by=None)
    assert do(farm, job).status == "done"
    with tenant_context(other):
        begin("B", by=make_user(role="operator", username="bo"))
    farms.drop_farm(other, by=None)
    worker.work_off()
    assert other.schema_name not in {farm for farm, job in queued()}


def test_a_farm_can_neither_see_the_queue_nor_queue_for_another(farm, other_farm, operator):
    role = database_role.role_of(farm.schema_name)
    for statement in (
        "SELECT * FROM jobs.procrastinate_jobs",
        "SELECT jobs.procrastinate_cancel_job_v1(1, true, true)",
        f"SELECT farms.queue_job('{other_farm.schema_name}', 1)",
        "SELECT farms.queue_job('pg_catalog', 1)",
        "SELECT farms.queue_job('public', 1)",
    ):
        refused = pytest.raises(DatabaseError, match="denied|may not")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'SET LOCAL ROLE "{role}"; {statement}')
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{role}"')
    farm.uses_farm_role = True
    connection.set_tenant(farm)
    begin("A", by=operator)


def test_the_queue_is_made_anew_for_another_version_with_what_waits(farm, operator):
    job = begin("A", by=operator)
    with tenant_context(type("Public", (), {"schema_name": "public"})):
        with connection.cursor() as cursor:
            cursor.execute("COMMENT ON SCHEMA jobs IS 'procrastinate 1.0'")
        job_queue.install()
        database_role.open_farms()
        assert queued() == [(farm.schema_name, job.pk)]


def test_a_job_is_seen_as_an_operation(committed_farm, by):
    job = begin("refuse", by=by)
    with watching() as watched:
        do(committed_farm, job)
    seen = watched.last("job.work")
    assert (seen["job_kind"], seen["outcome"]) == ("places", "no_place_for_tests")
    assert seen["tenant_id"] == committed_farm.schema_name
