"""Sample tables are imported by a new farm as they are downloaded."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Filament, Location, Spool
from inventory.services import seeds
from tenants.accounts.models import FarmSettings
from tests.queries import violations
from tests.responses import text_of

PAGES = {name: f"/admin/inventory/{name}/import/" for name in ("filament", "spool")}


@pytest.fixture
def new_farm(farm):
    seeds.seed()
    return farm


def downloaded(client, page, kind):
    answer = client.get(f"{page}?as=sample-{kind}")
    assert f".{kind}" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content)


def imported(client, page, content, kind, **ticks):
    seen = client.post(page, {"file": SimpleUploadedFile(f"sample.{kind}", content)})
    assert "How the columns are read" not in text_of(seen) or not seen.context.get("message")
    sent = {"signed": seen.context["signed"], "_look": "1", **ticks}
    seen = client.post(page, sent) if ticks else seen
    assert [group["outcome"] for group in seen.context["groups"]] == ["created"]
    assert seen.context["report"].get("left_aside", []) == []
    return client.post(page, {"signed": seen.context["signed"], "_do": "1", **ticks})


@pytest.mark.parametrize("locale", ["en-gb", "de"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_samples_are_imported_as_they_are(new_farm, at_admin, kind, locale):
    FarmSettings.objects.update(locale=locale)
    content = downloaded(at_admin, PAGES["filament"], kind)
    assert "is imported" in text_of(imported(at_admin, PAGES["filament"], content, kind))
    graphite = Filament.objects.get(color_name="Graphite Black")
    assert (graphite.price, graphite.tare_grams) == (Decimal("19.9"), 212)
    content = downloaded(at_admin, PAGES["spool"], kind)
    ticks = {"create": ["locations"]}
    assert "is imported" in text_of(imported(at_admin, PAGES["spool"], content, kind, **ticks))
    assert (Filament.objects.count(), Spool.objects.count()) == (5, 17)
    assert Spool.objects.get(lot_number="NF-2190").remaining_grams == 640
    assert Spool.objects.get(filament__name="TPU 95A Clear").remaining_grams == Decimal("312.5")
    assert violations() == []


def test_spools_bring_their_filaments_where_there_are_none(new_farm, at_admin):
    content = downloaded(at_admin, PAGES["spool"], "xlsx")
    ticks = {"create": ["filaments", "manufacturers", "locations"]}
    imported(at_admin, PAGES["spool"], content, "xlsx", **ticks)
    assert (Filament.objects.count(), Spool.objects.count()) == (5, 17)
    assert set(Location.objects.values_list("name", flat=True)) == {"Shelf A", "Shelf B", "Dry box"}
    assert not Filament.objects.filter(density_g_cm3=None).exists()


def test_the_page_offers_them(at_admin):
    for page in PAGES.values():
        html = at_admin.get(page).content.decode()
        assert 'href="?as=sample-xlsx"' in html
        assert 'href="?as=sample-csv"' in html
