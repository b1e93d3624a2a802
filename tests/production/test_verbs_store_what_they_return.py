"""What a verb returns is what the database has: no field was set and not saved."""

import dataclasses

import pytest
from django.db.models import Model

from inventory.services.spools import consumption
from tests.factories import a_spool
from tests.production.verbs.stories import STORIES
from tests.queries import fresh


def rows_in(answer):
    """Every row in what a verb returned."""
    if isinstance(answer, Model):
        yield answer
    elif isinstance(answer, list | tuple):
        for each in answer:
            yield from rows_in(each)
    elif dataclasses.is_dataclass(answer):
        yield from rows_in([getattr(answer, field.name) for field in dataclasses.fields(answer)])


def values(row):
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    return {field.attname: getattr(row, field.attname) for field in fields}


def not_stored(row):
    """The fields whose values are not those of the database: ``{name: (returned, stored)}``."""
    stored = type(row)._base_manager.filter(pk=row.pk).first()
    if stored is None:
        return {}  # it was deleted
    returned, stored = values(row), values(stored)
    return {
        name: (returned[name], stored[name]) for name in stored if returned[name] != stored[name]
    }


IN_THE_FARM = [name for name in STORIES if not name.startswith("farm.")]
DELETED = "production_run.delete"  # whose story returns the run as it was


@pytest.mark.parametrize("name", [name for name in IN_THE_FARM if name != DELETED])
def test_a_verb_returns_what_is_stored(farm, name):
    rows = rows_in(STORIES[name]())
    wrong = {str(row): fields for row in rows if (fields := not_stored(row))}
    assert wrong == {}


def test_the_first_use_of_a_spool_is_remembered_and_the_last_one(farm):
    spool = a_spool(1000)
    first = consumption.use(spool, grams=5, by=None)
    last = consumption.use(spool, grams=5, by=None)
    after = fresh(spool)
    assert (after.first_used_at, after.last_used_at) == (first.created_at, last.created_at)
