"""Bridges that name one tag at once: it is on one spool."""

from functools import partial

import pytest

from inventory.models import Spool, SpoolTag
from inventory.services import extra_fields
from tenants.accounts import scopes
from tests.factories import a_filament, a_spool, make_token, make_user
from tests.production.spoolman.clients import Printer, ok
from tests.queries import violations

AT_ONCE = 16
TAG = {"tag": '"04:a2:1b"'}


@pytest.fixture
def bridge(committed_farm):
    extra_fields.define("spool", "tag", by=None, name="Tag", field_type="text")
    secret = make_token(make_user(), scope=scopes.PRINTER, kind="bridge", makes_spools=True)
    return partial(Printer, secret, host=f"{committed_farm.slug}.localhost")


def test_a_tag_read_many_times_at_once_makes_one_spool(bridge, in_threads):
    filaments = [a_filament() for _ in range(2)]

    def post(number):
        body = {"filament_id": filaments[number % 2].number, "extra": TAG}
        return bridge().post("spool", body)

    answers = [ok(each)["id"] for each in in_threads(post, AT_ONCE)]
    spool = Spool.objects.get()
    assert answers == [spool.number] * AT_ONCE
    assert spool.tags.get().uid == "04A21B"
    assert violations() == []


def test_a_tag_named_of_many_spools_at_once_is_on_one(bridge, in_threads):
    spools = [a_spool() for _ in range(8)]
    answers = in_threads(
        lambda number: bridge().patch(
            f"spool/{spools[number].number}", {"remaining_weight": 900, "extra": TAG}
        ),
        8,
    )
    assert [ok(each)["extra"] for each in answers] == [TAG] * 8
    named = Spool.objects.filter(extra=TAG)
    assert [spool.pk for spool in named] == [SpoolTag.objects.get().spool_id]
    assert violations() == []
