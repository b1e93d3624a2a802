"""The queue of jobs: the schema ``jobs`` of procrastinate, which belongs to the owner.

It holds which job of which farm is to be done and no more: what it is, is a row of the farm (see
``tenants.jobs``). A farm's role can't read it; it can queue a job of its own farm by the function
``farms.queue_job``, within the transaction that makes the row.
"""

from importlib import metadata

from django.db import connection, transaction

SCHEMA = "jobs"
TASK = "work"
CHANNEL = "procrastinate_any_queue_v1"  # what its workers listen to
PUBLIC = "public"
VERSION = f"procrastinate {metadata.version('procrastinate')}"
FOUND = "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')"
WAITING = """
    SELECT args->>'farm', (args->>'job')::bigint FROM jobs.procrastinate_jobs
    WHERE task_name = 'work' AND status IN ('todo', 'doing') ORDER BY id
"""
# As farms.copy_settings (tenants' migrations): a caller may name the farms whose schema it has
# access to, and a farm's role has one. A job of ``public`` is a request of the public site for a
# farm, which its login queues (tenants.farms.requests). Jobs of a farm are done one after the other
# (``lock``).
QUEUE_JOB = """
CREATE OR REPLACE FUNCTION farms.queue_job(farm text, job bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, jobs, pg_temp AS $$
DECLARE
    caller text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
    IF NOT has_schema_privilege(caller, quote_ident(farm), 'USAGE')
       OR NOT EXISTS (SELECT FROM public.tenants_tenant WHERE schema_name = farm)
       AND farm <> 'public' THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('%s may not queue jobs of %s', caller, farm);
    END IF;
    PERFORM procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', 'work', 0, farm, NULL, jsonb_build_object('farm', farm, 'job', job), NULL)
    ]::procrastinate_job_to_defer_v1[]);
END $$;
REVOKE ALL ON FUNCTION farms.queue_job FROM PUBLIC;
"""
# A job that ends, or waits again, may be what the next one of its farm waited for. Workers are
# notified as of a new job; without it they find the next one when they poll, after up to 5 s.
NOTIFY_OF_ENDS = f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.notify_of_end() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', '{{"type": "job_inserted", "job_id": 0}}');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER notify_of_deleted AFTER DELETE ON {SCHEMA}.procrastinate_jobs
    FOR EACH ROW WHEN (OLD.lock IS NOT NULL) EXECUTE FUNCTION {SCHEMA}.notify_of_end();
CREATE OR REPLACE TRIGGER notify_of_ended AFTER UPDATE OF status ON {SCHEMA}.procrastinate_jobs
    FOR EACH ROW WHEN (OLD.lock IS NOT NULL AND NEW.status <> 'doing')
    EXECUTE FUNCTION {SCHEMA}.notify_of_end();
"""


def install():
    """Make the schema. It is made anew for another version of procrastinate, with what waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOUND, [SCHEMA])
        (found,) = cursor.fetchone()
        waiting = _make(cursor, found) if found != VERSION else []
        cursor.execute(QUEUE_JOB)
        cursor.execute(NOTIFY_OF_ENDS)
        for farm, job in waiting:
            cursor.execute("SELECT farms.queue_job(%s, %s)", [farm, job])


def _make(cursor, found):
    """Returns what waited in the schema of another version."""
    if found:
        cursor.execute(WAITING)
    waiting = cursor.fetchall() if found else []
    cursor.execute(_script())
    return waiting


def _script():
    """In one piece: between two statements the backend would set the search path again."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - slow, and not for each process

    return ";\n".join(
        [
            f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
            f"CREATE SCHEMA {SCHEMA}",
            f"COMMENT ON SCHEMA {SCHEMA} IS '{VERSION}'",
            f"SET LOCAL search_path = {SCHEMA}, pg_catalog",
            SchemaManager.get_schema(),
            "SET LOCAL search_path = public",
        ]
    )
