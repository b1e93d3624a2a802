"""Each way in which the API says no, at the end of the day."""

from unittest import mock

from django.conf import settings

from tenants.operations.refusals import Busy
from tests.config.day_bodies import BLACK_SPOOL, KEY, SHELF


def refused(api, black, run, viewer):
    """Each way in which the API says no."""
    spool, at = f"spools/{black['id']}/", f"production-runs/{run}/"
    no = api.refused
    typed = {"due_on": "4.3.2026", "items": [{"product_sku": "SING-2", "quantity": 4}]}
    no(400, "POST", "production-runs/", typed)
    no(404, "GET", "spools/4711/")
    no(406, "GET", "me/", HTTP_ACCEPT="application/xml")
    no(409, "POST", f"{spool}use/", {"grams": "1500"})
    no(409, "POST", f"{spool}weigh/", {"gross_grams": "350"})
    no(409, "POST", f"{at}start/", {})
    slip = {"spool_code": black["code"], "actual_grams": "700"}
    no(409, "POST", f"{at}complete/", {"materials": [slip]})
    no(409, "POST", f"{at}complete/", {"materials": [slip | {"actual_purge_grams": "23"}]})
    no(409, "POST", "locations/", SHELF)
    no(409, "DELETE", "material-types/1/")
    no(411, "POST", "locations/", SHELF, HTTP_TRANSFER_ENCODING="chunked")
    no(412, "PATCH", spool, {"comment": "Dusty"}, HTTP_IF_MATCH='"1"')
    no(413, "POST", "locations/", SHELF, CONTENT_LENGTH="9000000")
    no(415, "POST", "spools/import/?dry_run=true", BLACK_SPOOL)
    no(422, "POST", "spools/receive/", BLACK_SPOOL, **KEY)
    with mock.patch("production.services.printing.printers.clear", side_effect=Busy):
        no(503, "POST", "printers/1/clear/")
    api.sign_in(viewer)
    no(403, "POST", f"{spool}use/", {"grams": "12.5"})
    api.sign_in(None)
    no(401, "GET", "me/")
    wrong = {"username": "mona", "password": "mona", "name": "Shop sync"}
    for _ in range(settings.SIGN_IN_TRIES_PER_MINUTE):
        no(401, "POST", "tokens/", wrong)
    no(429, "POST", "tokens/", wrong)
