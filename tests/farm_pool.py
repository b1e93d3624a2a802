"""Farms to commit in: made once, lent to one test after another, to each as it was made.

Making a farm and dropping it takes longer than most tests. So from one that comes back the rows are
deleted whose transactions are younger than the farm. Changed in any other way, it is dropped: if
one of its first rows was changed or is gone, its name, a host, a table, a trigger, a role or a
privilege. Ids go on where they were, so nothing that remembers one finds another row there.
"""

import secrets
from dataclasses import dataclass

from django.db import connection, transaction

from tenants.farms import services
from tenants.models import Tenant
from tenants.schemas import database_role, migrating
from tests.factories import PASSWORD

LEDGER = "inventory_inventorytransaction"
MARKS = "production_figuresmark"  # which a trigger writes for each closed run that is deleted

# All but rows. What is altered gets another xmin.
DEFINITIONS = """
    WITH own AS (SELECT to_regnamespace(%(schema)s) AS oid),
    relations AS (SELECT c.oid, c.xmin FROM pg_class c, own WHERE relnamespace = own.oid),
    roles AS (SELECT oid, r::text FROM pg_roles r WHERE rolname = %(role)s)
    SELECT md5(string_agg(definition, ',' ORDER BY definition)) FROM (
        SELECT concat_ws(' ', 'farm', xmin) FROM public.tenants_tenant WHERE id = %(pk)s
        UNION ALL SELECT concat_ws(' ', 'host', id, xmin)
            FROM public.tenants_domain WHERE tenant_id = %(pk)s
        UNION ALL SELECT concat_ws(' ', 'schema', n.xmin) FROM pg_namespace n JOIN own USING (oid)
        UNION ALL SELECT concat_ws(' ', 'relation', oid, xmin) FROM relations
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, a.xmin)
            FROM pg_attribute a JOIN relations ON attrelid = relations.oid
        UNION ALL SELECT concat_ws(' ', 'constraint', c.oid, c.xmin)
            FROM pg_constraint c, own WHERE connamespace = own.oid
        UNION ALL SELECT concat_ws(' ', 'trigger', t.oid, tgenabled)
            FROM pg_trigger t JOIN relations ON tgrelid = relations.oid
        UNION ALL SELECT concat_ws(' ', 'function', p.oid, p.xmin)
            FROM pg_proc p, own WHERE pronamespace = own.oid
        UNION ALL SELECT concat_ws(' ', 'default', d.oid, d.xmin)
            FROM pg_default_acl d, own WHERE defaclnamespace = own.oid
        UNION ALL SELECT concat_ws(' ', 'role', roles) FROM roles
        UNION ALL SELECT concat_ws(' ', 'member', roleid, member, m.xmin)
            FROM pg_auth_members m JOIN roles ON roles.oid IN (roleid, member)
    ) AS all_of_them (definition)
"""
# No table is altered while one of its rows is to be checked.
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"
# The triggers of the queue look for its tables by the search path.
UNQUEUE = """
    SET LOCAL search_path = jobs;
    DELETE FROM procrastinate_jobs WHERE args->>'farm' = '{schema}';
    SET LOCAL search_path = public
"""
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND pg_relation_size(oid) > 0
"""


@dataclass(frozen=True)
class PooledFarm:
    tenant: Tenant
    made_by: int  # the last transaction of its making
    definitions: str
    rows: dict  # how many there are, by table


_free = []
_lent = {}


def lend():
    """A farm as ``add_farm`` makes it, for nobody else until it is given back."""
    farm = _free.pop() if _free else _made()
    _lent[farm.tenant.schema_name] = farm
    return Tenant.objects.get(pk=farm.tenant.pk)


def give_back(tenant):
    """It is lent again if it can be made as it was; if not, it is dropped, unless it was."""
    farm = _lent.pop(tenant.schema_name)
    if not Tenant.objects.filter(pk=farm.tenant.pk).exists():
        return
    migrating.end_transactions(farm.tenant.schema_name)
    if _definitions(farm.tenant) == farm.definitions and _is_emptied(farm):
        _free.append(farm)
    else:
        services.drop_farm(farm.tenant, by=None)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(UNQUEUE.format(schema=farm.tenant.schema_name))


def drop_all():
    while _free:
        services.drop_farm(_free.pop().tenant, by=None)


def _made():
    slug = f"own-{secrets.token_hex(4)}"
    tenant = services.add_farm(slug=slug, name=slug, password=PASSWORD)
    [[last]] = _rows_of("SELECT txid_current()")
    return PooledFarm(tenant, last, _definitions(tenant), _count(tenant.schema_name))


def _is_emptied(farm):
    """Delete what younger transactions wrote; whether all that was there before is still there."""
    schema = farm.tenant.schema_name
    deletes = [
        f"DELETE FROM {schema}.{table} WHERE xmin::text::bigint > {farm.made_by}"
        for table in [*_tables(schema), MARKS]
    ]
    ledger = f"ALTER TABLE {schema}.{LEDGER} {{}} TRIGGER USER"
    with transaction.atomic(), connection.cursor() as cursor:
        statements = [ledger.format("DISABLE"), *deletes, CHECK_NOW, ledger.format("ENABLE")]
        cursor.execute(";".join(statements))
        cursor.execute(UNQUEUE.format(schema=schema))
    return _count(schema) == farm.rows


def _count(schema):
    """How many rows there are, by table; empty ones are left out."""
    counts = [f"SELECT '{table}', count(*) FROM {schema}.{table}" for table in _tables(schema)]
    return {table: count for table, count in _rows_of(" UNION ALL ".join(counts)) if count}


def _tables(schema):
    return [name for (name,) in _rows_of(TABLES, [schema])]


def _definitions(tenant):
    schema = tenant.schema_name
    names = {"schema": schema, "role": database_role.role_of(schema), "pk": tenant.pk}
    [[digest]] = _rows_of(DEFINITIONS, names)
    return digest


def _rows_of(query, values=None):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
