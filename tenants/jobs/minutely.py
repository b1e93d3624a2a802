"""What is done each minute in the farms that have something to do: registered by apps."""

import logging

from django.db import DatabaseError
from django_tenants.utils import schema_context

from tenants.jobs.each_farm import in_each_farm
from tenants.models import Tenant
from tenants.schemas import database_role

logger = logging.getLogger(__name__)

AT_ONCE = 500  # schemas in one query

_registered, _registered_long = [], []


def register(due, work, *, is_long=False):
    """``work()`` is called within each farm where the statement ``due``, as of
    `database_role.rows_of_each`, finds a row. One that ``is_long`` keeps no other waiting."""
    (_registered_long if is_long else _registered).append((due, work))


def work_in_all():
    """Do what is due in the active farms. What fails is logged, and due again in a minute."""
    _work_in_all(_registered)


def work_long_in_all():
    """The same, of what is long."""
    _work_in_all(_registered_long)


def _work_in_all(registered):
    with schema_context("public"):
        active = Tenant.objects.filter(status=Tenant.Status.ACTIVE).order_by("pk")
        farms = {tenant.schema_name: tenant for tenant in active}
        found = [
            (farms[name], work) for due, work in registered for name in _with_rows([*farms], due)
        ]
    in_each_farm(found, "What is due each minute is not done in %s")


def _with_rows(schemas, due):
    """Those of the schemas where the statement finds a row."""
    found = []
    for start in range(0, len(schemas), AT_ONCE):
        some = schemas[start : start + AT_ONCE]
        try:
            found += [name for (name,) in database_role.rows_of_each(some, due)]
        except DatabaseError:  # of one that is not migrated yet, or was dropped meanwhile
            if len(some) == 1:
                logger.warning("What is due each minute is not known of %s", some[0])
            else:
                found += [name for each in some for name in _with_rows([each], due)]
    return found
