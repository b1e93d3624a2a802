"""The process that does the jobs: procrastinate's worker, two farms at a time.

A worker writes every few seconds that it is alive. The jobs of one that does not are found again
by another, or by the same one once it was started again.
"""

import asyncio
import logging
import signal
from functools import partial

import procrastinate
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tenants.utils import schema_context
from procrastinate import RetryDecision

from tenants.farms import nightly, practice
from tenants.jobs import forgetting, minutely, services
from tenants.jobs.each_farm import in_each_farm
from tenants.jobs.record import NotNow
from tenants.jobs.working import work
from tenants.models import Tenant
from tenants.schemas.job_queue import PUBLIC, SCHEMA, TASK

logger = logging.getLogger(__name__)

CONCURRENCY = 2  # jobs of one farm are done one after the other
HEARTBEAT_SECONDS = 5
LOST_AFTER_SECONDS = 20
GRACEFUL_SECONDS = 10  # of what config.serve waits for, until a job is stopped and queued again
AGAIN_SECONDS = 30  # a job that lost the database
AWAY_SECONDS = 5  # until it is looked for
PARAMETERS = ("host", "port", "user", "password", "dbname", "sslmode", "options")


class Again(procrastinate.BaseRetryStrategy):
    """What could not be done now waits; what has ended, well or not, says so in its row."""

    def get_retry_decision(self, *, exception, job):
        if isinstance(exception, NotNow):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        if isinstance(exception, (OperationalError, InterfaceError)):
            return RetryDecision(retry_in={"seconds": AGAIN_SECONDS})
        return None


async def run():
    """Do jobs until SIGINT or SIGTERM arrives. The database may be away meanwhile."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stop = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        serving = asyncio.create_task(_serve())
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        (error,) = await asyncio.gather(serving, return_exceptions=True)
        if not stopping.is_set():
            logger.error("The queue of jobs can't be read: %s", error or "the connection was lost")
            await asyncio.wait({stop}, timeout=AWAY_SECONDS)


async def _serve():
    """Returns, or raises ConnectorException, when the connection is lost."""
    app = make_app()
    _schedule(app)
    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY,
            delete_jobs="always",
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACEFUL_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=LOST_AFTER_SECONDS,
        )


def work_off():
    """Do what is queued now, one after the other, and return."""
    alone = {"concurrency": 1, "listen_notify": False, "install_signal_handlers": False}
    make_app().run_worker(delete_jobs="always", wait=False, **alone)


def connection_parameters():
    """Of the owner, for connections that are not Django's."""
    connect = connection.get_connection_params()
    return {name: connect[name] for name in connect if name in PARAMETERS}


def make_app():
    connect = connection_parameters()
    connect["options"] = f"{connect.get('options', '')} -c search_path={SCHEMA},pg_catalog"
    connector = procrastinate.PsycopgConnector(kwargs=connect, min_size=1, max_size=CONCURRENCY + 1)
    app = procrastinate.App(connector=connector)
    app.task(name=TASK, pass_context=True, retry=Again())(_work)
    return app


def _work(context, farm, job):
    try:
        if farm == PUBLIC:
            import_string(settings.PUBLIC_JOB)(job)
        else:
            work(farm, job, is_stopping=context.should_abort)
    finally:
        connection.close()  # this thread's: the next job may be in another one


def _schedule(app):
    @app.periodic(cron="* * * * * */15")
    @app.task(name="find_lost", queueing_lock="find_lost")
    async def find_lost(timestamp):
        """Queue the jobs of workers that have ended."""
        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LOST_AFTER_SECONDS):
            await manager.retry_job(job)

    @app.periodic(cron="* * * * *")
    @app.task(name="minutely", queueing_lock="minutely")
    def each_minute(timestamp):
        minutely.work_in_all()

    @app.periodic(cron="* * * * *")
    @app.task(name="minutely_long", queueing_lock="minutely_long")
    def each_minute_apart(timestamp):
        minutely.work_long_in_all()

    @app.periodic(cron="23 * * * *")
    @app.task(name="forget_old", queueing_lock="forget_old")
    def forget_old(timestamp):
        forget_old_of_all()

    @app.periodic(cron="7 * * * *")
    @app.task(name="back_up_due", queueing_lock="back_up_due")
    def back_up_due(timestamp):
        """Of each farm once a night, or later when nothing ran then."""
        try:
            nightly.back_up_due()
        finally:
            connection.close()

    @app.periodic(cron="37 * * * *")
    @app.task(name="end_practice_farms", queueing_lock="end_practice_farms")
    def end_practice_farms(timestamp):
        try:
            practice.end_due()
        finally:
            connection.close()


def forget_old_of_all():
    """Delete what is no longer kept, in each farm."""
    with schema_context("public"):
        farms = list(Tenant.objects.order_by("pk"))
    now = timezone.now()
    works = [partial(each, now) for each in (services.forget_old, *forgetting.works())]
    found = [(tenant, work) for tenant in farms for work in works]
    in_each_farm(found, "What is old in %s is not deleted")
