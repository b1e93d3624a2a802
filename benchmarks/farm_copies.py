"""Many farms with the same rows: copies of one that was filled, made once in a data folder."""

from django.db import connection, transaction
from django_tenants.utils import schema_context

from benchmarks.farm import enter_farm, tidy
from tenants.accounts.models import DeviceToken, User
from tenants.farms import services
from tenants.models import Tenant
from tenants.schemas import template

RUNS, SPOOLS = 400, 200
SLUG, TOKEN = "copy-{}", f"spb_{'b' * 43}"
FILLED = """
    SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' AND pg_relation_size(c.oid) > 0
        AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        AND relname <> 'django_migrations'
    GROUP BY relname
"""
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = %s"


def copies(numbers):
    """The farms of these numbers, each with the same TOKEN; those that are missing are made."""
    model = enter_farm(RUNS, SPOOLS)
    give_token()
    connection.set_schema_to_public()
    names = [SLUG.format(number) for number in numbers]
    there = {farm.slug: farm for farm in Tenant.objects.filter(slug__in=names)}
    return [there[slug] if slug in there else copy(model, slug) for slug in names]


def give_token():
    """A token with the TOKEN, of the farm that is entered."""
    fields = {"user": User.objects.earliest("pk"), "name": "benchmark", "scope": "all"}
    DeviceToken.objects.get_or_create(hash=DeviceToken.hash_of(TOKEN), defaults=fields)


def copy(model, slug):
    """A new farm with the rows of the model."""
    template.load()  # which no transaction may do
    with transaction.atomic(), schema_context("public"), connection.cursor() as cursor:
        farm = services.add_farm(slug=slug, name=slug)
        for schema in (farm.schema_name, model.schema_name):  # of the farm its first rows
            cursor.execute(FILLED, [schema])
            tables = cursor.fetchall()
            for table, _columns in tables:
                cursor.execute(f'DELETE FROM {farm.schema_name}."{table}"')
        for table, columns in tables:
            cursor.execute(
                f'INSERT INTO {farm.schema_name}."{table}" ({columns}) OVERRIDING SYSTEM VALUE'
                f' SELECT {columns} FROM {model.schema_name}."{table}"'
            )
        cursor.execute(SEQUENCES, [model.schema_name])
        for name, value in cursor.fetchall():
            if value:
                cursor.execute("SELECT setval(%s, %s)", [f'{farm.schema_name}."{name}"', value])
    with connection.cursor() as cursor:
        tidy(cursor, farm)
    return farm
