"""A detail of a spool can be set and seen everywhere; a failure says where it was forgotten."""

import pytest

from inventory.admin.spools import SpoolAdmin
from inventory.forms.spools import ReceiveForm, SpoolForm
from inventory.models import Spool
from inventory.serializers.spools import ReceiveBody, SpoolSerializer
from inventory.services.tables.columns import SPOOL_COLUMNS
from production.forms.spools import FloorReceiveForm


@pytest.mark.parametrize("name", Spool.DETAILS)
def test_a_detail_of_a_spool_is_everywhere(name):
    places = {
        "inventory/serializers/spools.py: SpoolSerializer": SpoolSerializer.Meta.fields,
        "inventory/serializers/spools.py: ReceiveBody": ReceiveBody.Meta.fields,
        "inventory/forms/spools.py: ReceiveForm": ReceiveForm.base_fields,
        "inventory/forms/spools.py: SpoolForm": SpoolForm.base_fields,
        "inventory/admin/spools.py: export": SpoolAdmin.export,
        "inventory/services/tables/columns.py: SPOOL_COLUMNS": SPOOL_COLUMNS,
    }
    if name not in FloorReceiveForm.touch_exclude:
        places["production/forms/spools.py: FloorReceiveForm"] = FloorReceiveForm.base_fields
    assert [place for place, found in places.items() if name not in found] == []
