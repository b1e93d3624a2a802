"""Labels that Spoolman printed lead to our pages."""

import pytest

from tests.factories import a_spool


@pytest.mark.parametrize("end", ["", "/"])
def test_the_number_on_a_label_leads_to_its_page(at_admin, end):
    spool = a_spool()
    spool.refresh_from_db(), spool.filament.refresh_from_db()
    answer = at_admin.get(f"/spool/show/{spool.number}{end}")
    assert (answer.status_code, answer["Location"]) == (302, f"/floor/spools/{spool.pk}/")
    answer = at_admin.get(f"/filament/show/{spool.filament.number}{end}")
    assert answer["Location"] == f"/admin/inventory/filament/{spool.filament_id}/change/"


def test_nobody_is_asked_to_sign_in_and_what_is_not_there_is_404(farm_client, operator):
    answer = farm_client.get("/spool/show/7")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/spool/show/7")
    farm_client.force_login(operator)
    assert farm_client.get(f"/spool/show/{10**17}").status_code == 404
