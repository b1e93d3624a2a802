"""A tag that a device does not find on a spool makes none: people say on which one it is."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Spool, UnboundTag
from inventory.services import extra_fields
from inventory.services.spools import shelf, tags
from tests.factories import a_filament, a_spool
from tests.production.floor_helpers import page, page_after, touch
from tests.production.spoolman.clients import a_printer_client, message, ok
from tests.queries import fresh, violations


@pytest.fixture
def filament(farm):
    extra_fields.define("spool", "tag", by=None, name="Tag", field_type="text")
    return a_filament("Galaxy")


@pytest.fixture
def bridge(manager):
    return a_printer_client(manager, kind="bridge", name="Bambu bridge")


def new_spool(filament, uid="04:a2:1b", **more):
    return {"filament_id": filament.number, "extra": {"tag": f'"{uid}"'}, **more}


def test_an_unbound_tag_makes_no_spool_and_names_the_sealed_ones(bridge, filament):
    oldest, newer, opened, tagged = [a_spool(filament=filament) for _ in range(4)]
    shelf.open(opened, by=None)
    tags.bind(tagged, uid="99", by=None)
    shelf.describe(oldest, received_on=date(2026, 1, 5), by=None)
    a_spool()
    for _again in range(2):
        told = message(bridge.post("spool", new_spool(filament)), 403)
        assert f"Tag 04A21B is on no spool. Sealed spools of {filament}" in told
        assert f"without a tag: {oldest.number}, {newer.number}." in told
    assert Spool.objects.filter(filament=filament).count() == 4
    assert [tag.uid for tag in UnboundTag.objects.unbound()] == ["04A21B"]


def test_one_touch_binds_it_and_the_device_finds_the_spool(bridge, filament, floor):
    spool, _other = a_spool(filament=filament), a_spool(filament=filament)
    bridge.post("spool", new_spool(filament))
    assert 'href="/floor/tags/"' in page(floor.get("/floor/receive/"))
    text = page(floor.get("/floor/tags/"))
    assert "Bambu bridge read it on a reel of" in text
    assert f'value="{spool.pk}"' in text
    given = {"tag": UnboundTag.objects.get().pk, "spool": spool.pk}
    text = page_after(floor, touch(floor, "/floor/tags/", **given))
    assert f"The tag 04A21B is on spool {spool.code}." in text
    assert "Every tag that was read is on a spool." in text
    assert fresh(spool).extra == {"tag": '"04:a2:1b"'}
    answer = ok(bridge.post("spool", new_spool(filament)))
    assert (answer["id"], answer["extra"]) == (spool.number, {"tag": '"04:a2:1b"'})
    assert violations() == []


def test_the_page_asks_as_often_for_one_tag_as_for_several(bridge, filament, floor):
    def listed(uid, of):
        [a_spool(filament=of) for _ in range(6)]
        bridge.post("spool", new_spool(of, uid))

    listed("04A1", filament)
    page(floor.get("/floor/tags/"))
    with CaptureQueriesContext(connection) as one:
        page(floor.get("/floor/tags/"))
    for number in range(3):
        listed(f"04B{number}", a_filament(f"Galaxy {number}"))
    with CaptureQueriesContext(connection) as several:
        text = page(floor.get("/floor/tags/"))
    assert len(several) == len(one)
    assert text.count('name="spool"') == 4 * 5  # the oldest five of six


def test_a_tag_that_is_bound_otherwise_is_no_longer_offered(bridge, filament, floor):
    bridge.post("spool", new_spool(filament))
    assert "No sealed spool of this filament is without a tag." in page(floor.get("/floor/tags/"))
    tags.bind(a_spool(filament=filament), uid="04A21B", by=None)
    assert "04A21B" not in page(floor.get("/floor/tags/"))
    assert 'href="/floor/tags/"' not in page(floor.get("/floor/receive/"))


@pytest.mark.parametrize("may", [{"kind": "bridge", "makes_spools": True}, {"kind": "moonraker"}])
def test_a_token_whose_option_says_so_makes_spools(manager, filament, may):
    program = a_printer_client(manager, **may)
    assert ok(program.post("spool", new_spool(filament)))["extra"] == {"tag": '"04:a2:1b"'}
    assert not UnboundTag.objects.exists()


def test_a_spool_without_a_tag_is_made(bridge, filament):
    ok(bridge.post("spool", {"filament_id": filament.number}))
    ok(bridge.post("spool", {"filament_id": filament.number, "extra": {"tag": '""'}}))
