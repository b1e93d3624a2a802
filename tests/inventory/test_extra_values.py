"""The admin shows what a row has of the farm's own fields."""

import json
import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import ExtraField
from inventory.services import extra_fields
from tests.factories import a_spool
from tests.responses import text_of

VALUES = {
    "text": ("Blue <b>", "Blue &lt;b&gt;"),
    "integer": (7, "7 mm"),
    "float": (1.5, "1.5 mm"),
    "integer_range": ([1, None], "1 – mm"),
    "float_range": ([0.5, 2], "0.5 – 2 mm"),
    "boolean": (False, "No"),
    "choice": (["a", "b"], "a, b"),
    "datetime": (None, "–"),
}


def page_with(at_admin, row, entity):
    """The terms and values on the page of a row that has one of each type."""
    for kind in VALUES:
        more = {"choices": ["a", "b"], "multi_choice": True} if kind == "choice" else {}
        fields = {"name": f"The {kind}", "field_type": kind, "unit": "mm"}
        extra_fields.define(entity, kind, by=None, **fields, **more)
    row.extra = {kind: json.dumps(value) for kind, (value, _) in VALUES.items()} | {"gone": "1"}
    row.save(update_fields=["extra"])
    address = f"/admin/inventory/{row._meta.model_name}/{row.pk}/change/"
    return re.findall(r"<dt>The (\w+)</dt><dd>(.*?)</dd>", text_of(at_admin.get(address)))


def test_values_are_shown_on_the_pages_of_spools_filaments_and_manufacturers(at_admin, viewer):
    spool = a_spool()
    expected = [(kind, text) for kind, (_, text) in VALUES.items()]
    rows = (spool, spool.filament, spool.filament.manufacturer)
    at_admin.force_login(viewer)
    for entity, row in zip(("spool", "filament", "vendor"), rows, strict=True):
        assert page_with(at_admin, row, entity) == expected
    assert {field.entity for field in ExtraField.objects.all()} == {"spool", "filament", "vendor"}


def test_a_page_of_a_row_without_values_asks_for_no_fields(at_admin, viewer):
    spool = a_spool()
    at_admin.force_login(viewer)
    with CaptureQueriesContext(connection) as asked:
        page = text_of(at_admin.get(f"/admin/inventory/spool/{spool.pk}/change/"))
    assert "<h2>Extra fields</h2>" not in page
    assert not [each for each in asked if "inventory_extrafield" in each["sql"]]
