"""Tags on spools: scanned like labels, put on and taken off by the API and the admin."""

import pytest

from inventory.models import SpoolTag
from inventory.services.spools import tags
from tests.factories import a_filament, a_spool
from tests.production.floor_helpers import at, page
from tests.responses import refused, results

SCAN = "/api/v1/scan/"
NOT_SO = "04:A2:1B:7C:8D:9E:80"


def tagged(uid=NOT_SO):
    spool = a_spool()
    tags.bind(spool, uid=uid, by=None)
    return spool


def of(spool):
    return f"/api/v1/spools/{spool.pk}/tags/"


@pytest.mark.parametrize(
    ("uid", "read"),
    [
        (NOT_SO, "04:a2:1b:7c:8d:9e:80"),
        (NOT_SO, "04A21B7C8D9E80"),
        (NOT_SO, "]Q304-A2-1B-7C-8D-9E-80"),
        ("04123456789012", "04:12:34:56:78:90:12"),
        ("04123456789012", "04123456789012"),
        ("4006381333931", "4006381333931"),
        ("0000000A", "0000000a"),
        ("A1B2C3D4E5F64711A1B2C3D4E5F64711", "a1b2c3d4e5f64711a1b2c3d4e5f64711"),
        ("tray 1", "Tray  1"),
    ],
)
def test_a_tag_leads_to_its_spool_however_it_is_read(api, floor, uid, read):
    spool = tagged(uid)
    found = api.post(SCAN, {"text": read}).json()
    assert (found["kind"], found["code"]) == ("spool", spool.code)
    assert [row["id"] for row in found["results"]] == [spool.pk]
    assert floor.get("/floor/find/", {"code": read})["Location"] == at(spool)


def test_the_barcode_of_a_filament_comes_before_a_tag(api):
    filament = a_filament(gtin="4006381333931")
    tagged("4006381333931")
    found = api.post(SCAN, {"text": "4006381333931"}).json()
    assert [row["id"] for row in found["results"]] == [filament.pk]


def test_the_api_lists_tags_puts_them_on_and_takes_them_off(api):
    spool = a_spool()
    made = api.post(of(spool), {"uid": "04:a2:1b", "kind": "bambu"})
    assert made.status_code == 201, made.content
    tag = made.json()
    assert (tag["uid"], tag["kind"], tag["spool_code"]) == ("04A21B", "bambu", spool.code)
    assert api.post(of(spool), {"uid": "04A21B"}).json() == tag
    assert [row["id"] for row in results(api.get(of(spool)))] == [tag["id"]]
    assert api.get(f"{of(spool)}{tag['id']}/").json() == tag
    assert api.delete(f"{of(a_spool())}{tag['id']}/").status_code == 404
    assert api.delete(f"{of(spool)}{tag['id']}/").status_code == 204
    assert not SpoolTag.objects.exists()


def test_a_tag_of_another_spool_is_refused_unless_it_moves(api):
    first, second = tagged("AA"), a_spool()
    problem = refused(api.post(of(second), {"uid": "aa"}), 409, "duplicate")
    assert first.code in problem["detail"]
    assert api.post(of(second), {"uid": "aa", "moves": True}).status_code == 201
    assert SpoolTag.objects.get().spool == second
    refused(api.post(of(second), {"uid": "x" * 129}), 400, "invalid_tag")


def test_the_admin_shows_tags_puts_them_on_and_takes_them_off(at_admin):
    spool, other = a_spool(), tagged("BB")
    address = f"/admin/inventory/spool/{spool.pk}/"

    def sent(verb, **values):
        seen = at_admin.post(f"{address}{verb}/", values).context.get("seen") or ""
        return at_admin.post(f"{address}{verb}/", {**values, "_do": "1", "_seen": seen})

    assert sent("tag", uid="04:a2:1b", kind="nfc").status_code == 302
    shown = page(at_admin.get(f"{address}change/"))
    assert "<code>04A21B</code>" in shown
    assert "Take a tag off" in shown
    assert other.code in page(sent("tag", uid="BB", kind="nfc"))
    assert sent("tag", uid="BB", kind="nfc", moves="on").status_code == 302
    assert sent("untag", uid="04A21B").status_code == 302
    assert [tag.uid for tag in spool.tags.all()] == ["BB"]
