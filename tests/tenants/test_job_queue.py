"""What the queue notifies workers of."""

import json

import psycopg
import pytest
from procrastinate.manager import get_channel_for_queues

from tenants.farms import services as farms
from tenants.jobs import kinds, services, worker
from tenants.jobs.models import Job
from tenants.schemas import job_queue
from tests.conftest import work_off
from tests.factories import make_user


@pytest.fixture(autouse=True)
def _kind():
    kinds.register("greeting", lambda job, *, by: kinds.Result("a.txt", "text/plain", [b"hello"]))
    yield
    kinds._kinds.pop("greeting")


@pytest.fixture
def listening(committed_farm):
    """A connection that gets the notifications of a worker."""
    with psycopg.connect(**worker.connection_parameters(), autocommit=True) as listening:
        listening.execute(f"LISTEN {job_queue.CHANNEL}")
        yield listening


def notified(listening):
    """The job ids notified by now: those of what is committed arrive before the next answer."""
    listening.execute("SELECT 1")
    return [json.loads(each.payload)["job_id"] for each in listening.notifies(timeout=0)]


def begin(by):
    return services.start("greeting", by=by, title="Greeting", permission="", arguments={})


def test_workers_are_notified_when_a_job_of_a_farm_ends(committed_farm, listening):
    """The next one of the farm had to wait for it."""
    by = make_user(role="operator")
    jobs = [begin(by), begin(by)]
    assert [number > 0 for number in notified(listening)] == [True, True]
    work_off(committed_farm)
    assert notified(listening) == [0, 0]
    assert set(Job.objects.filter(status="done")) == set(jobs)


def test_workers_are_notified_when_a_job_has_to_wait_again(committed_farm, listening):
    begin(make_user(role="operator"))
    assert len(notified(listening)) == 1
    farms.suspend_farm(committed_farm, by=None)
    work_off(committed_farm)
    assert notified(listening) == [0]


def test_the_installed_workers_listen_to_the_channel():
    assert get_channel_for_queues() == [job_queue.CHANNEL]
