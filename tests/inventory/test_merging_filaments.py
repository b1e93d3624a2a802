"""A filament that is in the catalogue twice is merged."""

import pytest

from inventory.models import Filament, FilamentMerge
from inventory.services import filament_merging, filaments, receiving, scanning
from inventory.services.doubles import FilamentMerged
from inventory.services.filament_merging import (
    FilamentNotMerged,
    FilamentRemoved,
    OtherMaterial,
    SameFilament,
)
from inventory.services.spools import retyping
from inventory.services.spools.consumption import ReasonMissing
from inventory.services.spools.shelf import SpoolClaimed
from production.models import RunEvent, RunMaterial
from production.services.filament_references import FilamentPrinting
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_run,
    a_running_run,
    a_spool,
)
from tests.inventory import tables
from tests.inventory.filament_doubles import WHY, a_bill, a_pair, a_plan, merge, rows
from tests.queries import fresh, violations

pytestmark = pytest.mark.usefixtures("farm")


@pytest.fixture
def pair(farm):
    return a_pair()


# --- What goes over -----------------------------------------------------------------------------


def test_spools_of_the_double_are_of_the_filament(pair):
    target, double = pair
    spools = [a_spool(filament=double), a_spool(filament=double, comment="Second")]
    own = a_spool(filament=target)
    done = merge(target, double)
    assert [fresh(each).filament_id for each in (*spools, own)] == [target.pk] * 3
    assert list(fresh(spools[0]).events.values_list("verb", "after")) == [("retyped", str(target))]
    assert (fresh(double).merged_into_id, fresh(double).is_removed) == (target.pk, True)
    assert done.explanation.startswith(f"{double} is {target} from now on: 2 spools of it")
    assert violations() == []


def test_what_the_filament_has_not_is_taken_from_its_double(pair):
    target, double = pair
    maker = a_manufacturer()
    given = {"gtin": "4006381333931", "external_id": "x1", "color_hex": "FF0000"}
    extra = {"a": "1", "b": "2"}
    filaments.update(double, by=None, manufacturer=maker, article_number="A1", extra=extra, **given)
    blank = {"color_hex": "", "manufacturer": None}
    filaments.update(target, by=None, article_number="A0", extra={"a": "0"}, **blank)
    merge(target, double)
    after = fresh(target)
    assert (after.manufacturer, after.gtin, after.external_id) == (maker, "4006381333931", "x1")
    assert (after.article_number, after.color_hex, after.price) == ("A0", "FF0000", 20)
    assert after.extra == {"a": "0", "b": "2"}


def test_a_price_of_other_grams_stays(pair):
    target, double = pair
    filaments.update(double, by=None, net_grams=750)
    merge(target, double)
    assert fresh(target).price is None


def test_numbers_of_the_double_lead_to_the_filament(pair):
    target, double = pair
    filaments.update(double, by=None, gtin="4006381333931", article_number="A1")
    filaments.update(target, by=None, gtin="4012345678901", article_number="A0")
    merge(target, double)
    assert list(scanning.of_gtin("4006381333931")) == [target]
    assert list(Filament.objects.present().matching("A1")) == [target]
    assert Filament.objects.numbered(fresh(double).number).get() == target


def test_a_bill_of_materials_names_the_filament(pair):
    target, double = pair
    bill = a_bill("ONE", (double, 50)).bom_lines.get()
    done = merge(target, double)
    assert (fresh(bill).filament_id, fresh(bill).grams_per_unit) == (target.pk, 50)
    assert "1 bill of materials" in done.explanation


def test_the_grams_of_a_bill_that_names_both_are_added(pair):
    target, double = pair
    product = a_bill("TWO", (target, 30), (double, 12))
    done = merge(target, double)
    line = product.bom_lines.get()
    assert (line.filament_id, line.grams_per_unit) == (target.pk, 42)
    assert "TWO named both: 30 g and 12 g are 42 g" in done.explanation


def test_a_planned_run_asks_for_the_filament(pair):
    target, double = pair
    line = a_plan(double).materials.get()
    done = merge(target, double)
    assert fresh(line).filament_id == target.pk
    assert line.run.number in done.explanation
    assert RunEvent.objects.filter(run=line.run).order_by("-pk").first().verb == "derive_plan"
    assert fresh(line.run).version == line.run.version + 1


def test_a_double_of_the_double_is_one_of_the_filament(pair):
    target, double = pair
    further = a_filament("Schwarz", material_type=target.material_type)
    merge(double, further)
    merge(target, double)
    assert fresh(further).merged_into_id == target.pk
    filament_merging.unmerge(double, by=None)
    assert fresh(further).merged_into_id == double.pk


def test_what_comes_later_for_the_double_is_of_the_filament(pair):
    target, double = pair
    spool = a_spool(filament=a_filament())
    merge(target, double)
    assert receiving.receive(filament=double, by=None).filament_id == target.pk
    assert receiving.receive_many(filament=double, by=None, count=2)[0].filament_id == target.pk
    assert receiving.receive_stated(filament=double, by=None).filament_id == target.pk
    assert retyping.retype(spool, filament=double, by=None).filament_id == target.pk


def test_a_table_that_names_the_double_means_the_filament(pair):
    target, double = pair
    filaments.update(double, by=None, external_id="x1")
    filaments.update(target, by=None, external_id="x0")
    merge(target, double)
    found = tables.filaments(["external_id", "name", "material"], ["x1", "Anything", "PLA"])
    assert [row.instance for row in found.good] == [target]
    found = tables.spools(["name"], [double.name])
    assert [row.instance.filament_id for row in found.good] == [target.pk]
    again = tables.filaments(
        ["name", "manufacturer", "material"], [double.name, double.manufacturer.name, "PLA"]
    )
    assert [row.instance for row in again.good] == [target]


# --- What is refused ----------------------------------------------------------------------------


def test_what_can_not_be_merged(pair):
    target, double = pair
    with pytest.raises(SameFilament):
        merge(target, target)
    with pytest.raises(ReasonMissing):
        merge(target, double, reason=" ")
    other = a_filament("Red", material_type=a_material_type("PETG"))
    with pytest.raises(OtherMaterial, match="PETG 1.75 mm"):
        merge(target, other)
    wide = a_filament("Wide", material_type=target.material_type, diameter_mm="2.85")
    with pytest.raises(OtherMaterial, match="PLA 2.85 mm: confirm"):
        merge(target, wide)
    filaments.remove(wide, by=None)
    with pytest.raises(FilamentRemoved):
        merge(target, wide, confirm=True)
    merge(target, double)
    with pytest.raises(FilamentMerged, match=f"was merged into {target}"):
        merge(other, double, confirm=True)
    with pytest.raises(FilamentMerged):
        filaments.restore(double, by=None)
    with pytest.raises(FilamentNotMerged):
        filament_merging.unmerge(target, by=None)


def test_another_material_is_merged_if_that_is_confirmed(pair):
    target, _double = pair
    other = a_filament("Red", material_type=a_material_type("PETG"))
    bill = a_bill("ONE", (other, 50)).bom_lines.get()
    before = rows()
    merge(target, other, confirm=True)
    assert fresh(bill).material_type_id == target.material_type_id
    filament_merging.unmerge(other, by=None)
    assert rows() == before


def test_a_spool_that_an_open_run_names_stays(pair):
    target, double = pair
    a_run((a_spool(filament=double), 100))
    before = rows()
    with pytest.raises(SpoolClaimed):
        merge(target, double)
    assert rows() == before


def test_a_run_in_progress_keeps_what_it_asks_for(pair):
    target, double = pair
    run = a_running_run((a_spool(filament=target), 100))
    RunMaterial.objects.filter(run=run).update(filament=double)
    with pytest.raises(FilamentPrinting, match=run.number):
        merge(target, double)


def test_nothing_is_saved_in_a_dry_run(pair):
    target, double = pair
    a_spool(filament=double)
    before = rows()
    assert merge(target, double, dry_run=True).explanation
    assert rows() == before
    assert not FilamentMerge.objects.exists()


# --- Its faces -----------------------------------------------------------------------------------


def test_the_api_merges_and_takes_it_back(pair, api):
    target, double = pair
    a_spool(filament=double)
    path = f"/api/v1/filaments/{target.pk}/merge/"
    given = {"double_name": "black pla", "reason": WHY}
    dry = api.post(path, {**given, "dry_run": True}).json()
    assert (dry["dry_run"], fresh(double).is_removed) == (True, False)
    answer = api.post(path, given)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["id"], body["price"], body["dry_run"]) == (target.pk, "20.0000", False)
    assert body["merge"] == dry["merge"]
    assert body["merge"]["double"] == double.pk
    assert api.get(f"/api/v1/filaments/{double.pk}/").json()["merged_into"] == target.pk
    again = api.post(path, {"double": double.pk, "reason": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "filament_merged")
    back = api.post(f"/api/v1/filaments/{double.pk}/unmerge/")
    assert (back.status_code, back.json()["merged_into"], back.json()["removed_at"]) == (
        200,
        None,
        None,
    )
    again = api.post(f"/api/v1/filaments/{double.pk}/unmerge/")
    assert again.json()["code"] == "filament_not_merged"


def test_the_admin_shows_what_will_go_over(pair, as_manager):
    target, double = pair
    a_spool(filament=double)
    path = f"/admin/inventory/filament/{target.pk}/merge/"
    given = {"double": double.pk, "reason": WHY}

    def look(path, given):
        looked = as_manager.post(path, given) if given else as_manager.get(path)
        looked = looked.content.decode()
        return looked, looked.partition('name="_seen" value="')[2].partition('"')[0]

    assert path in as_manager.get(path.replace("merge", "change")).content.decode()
    looked, seen = look(path, given)
    assert "from now on: 1 spool of it" in looked
    assert not fresh(double).is_removed
    as_manager.post(path, {**given, "_seen": seen, "_do": "1"})
    assert fresh(double).merged_into == target
    page = as_manager.get(f"/admin/inventory/filament/{double.pk}/change/").content.decode()
    assert f"/admin/inventory/filament/{target.pk}/change/" in page
    path = f"/admin/inventory/filament/{double.pk}/unmerge/"
    assert path in page
    assert path.replace("unmerge", "restore") not in page
    looked, seen = look(path, None)
    assert "goes back, unless it was changed since" in looked
    as_manager.post(path, {"_seen": seen, "_do": "1"})
    assert fresh(double).merged_into is None
