"""Labels requested through the API and in the admin."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Spool
from inventory.serializers.labels import MAX_SPOOLS
from tests import pdf
from tests.factories import a_filament, a_spool
from tests.responses import refused

FARM = "https://alpha.example.com"
LABELS = "/api/v1/spools/labels/"
PAGE = "/admin/inventory/spool/labels/"
BLANKS = "/admin/inventory/spool/labels/blank/"


# --- The API -----------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["application/pdf", "application/json", "text/html", "*/*"])
def test_one_label_is_a_pdf_whatever_is_accepted(api_client, viewer, accept):
    api_client.force_authenticate(viewer)
    spool = a_spool()
    answer = api_client.get(f"/api/v1/spools/{spool.pk}/label/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="label-{spool.code}.pdf"'
    assert len(pdf.codes(answer.content)) == 1


def test_labels_of_many_are_in_the_order_asked_for_with_a_constant_number_of_queries(api):
    first, second = a_spool(), a_spool()
    assert api.get(f"{LABELS}?blank=1").status_code == 200  # the farm is found once
    with CaptureQueriesContext(connection) as few:
        answer = api.get(f"{LABELS}?ids={second.pk},{first.pk}&sheet=62x29&blank=1")
    texts = pdf.texts(answer.content)
    assert (second.code in texts[0], first.code in texts[1], len(texts)) == (True, True, 3)
    more = ",".join(str(a_spool(filament=a_filament()).pk) for _ in range(12))
    with CaptureQueriesContext(connection) as many:
        assert api.get(f"{LABELS}?ids={more}&blank=5").status_code == 200
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sheet=A4", "sheet"),
        ("sheet=custom&width=40", "height"),
        ("sheet=custom&width=40&height=5", "height"),
        ("sheet=custom&width=40&height=NaN", "height"),
        ("blank=1&width=40", "width"),
        ("sheet=custom&width=80&height=20&paper=A4&columns=3", "columns"),
        ("contents=qr,barcode", "contents"),
        ("contents=", "contents"),
        ("blank=1&sheet=custom&width=8&height=8&contents=code", "contents"),
        ("ids=x", "ids"),
        ("ids=1,,2", "ids"),
        ("ids=999999999999", "ids"),
        (f"ids={','.join(map(str, range(MAX_SPOOLS + 1)))}", "ids"),
        ("blank=1&start=0", "start"),
        ("blank=1&start=22", "start"),
        ("blank=500&copies=50", "copies"),
        ("blank=-1", "blank"),
        ("blank=1&colour=red", "colour"),
    ],
)
def test_a_query_that_can_not_be_names_its_field(api, query, field):
    answer = api.get(f"{LABELS}?{query}", HTTP_ACCEPT="application/pdf")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"]


def test_nothing_to_print_and_nothing_here_are_problems(api):
    refused(api.get(LABELS), 400, "invalid")
    refused(api.get("/api/v1/spools/1/label/", HTTP_ACCEPT="application/pdf"), 404, "not_found")
    assert api.get(LABELS, HTTP_ACCEPT="image/png").status_code == 406


# --- The admin ---------------------------------------------------------------------------------


def test_chosen_spools_are_shown_on_their_sheet_before_they_are_printed(at_admin):
    spools = [a_spool(), a_spool()]
    chosen = {"action": "print_labels", "_selected_action": [spool.pk for spool in spools]}
    url = at_admin.post("/admin/inventory/spool/", chosen)["Location"]
    answer = at_admin.get(url)
    text = answer.content.decode()
    assert "the address you came by" in text
    assert "a phone can’t" in text
    picture = re.search(r'src="(\?[^"]*as=png)"', text)[1].replace("&amp;", "&")
    assert at_admin.get(PAGE + picture)["Content-Type"] == "image/png"
    document = at_admin.get(f"{url}&as=pdf&sheet=62x29").content
    assert len(pdf.codes(document)) == 2
    assert at_admin.get(url).context["form"]["sheet"].value() == "62x29"  # as printed last


def test_labels_of_another_size_are_printed_and_offered_the_next_time(at_admin):
    spool = a_spool()
    size = "sheet=custom&width=50.5&height=9&contents=qr&contents=name"
    page = at_admin.get(f"{PAGE}?ids={spool.pk}&{size}")
    assert "not every phone reads it" in page.content.decode()
    document = at_admin.get(f"{PAGE}?ids={spool.pk}&{size}&as=pdf&start=1&copies=2").content
    assert (len(pdf.texts(document)), len(pdf.codes(document))) == (2, 2)
    assert spool.code not in pdf.texts(document)[0]
    form = at_admin.get(f"{PAGE}?ids={spool.pk}").context["form"]
    assert form.sheet.name == "Roll, 50.5 x 9 mm"
    assert form.chosen_contents() == ["qr", "name"]
    page = at_admin.get(f"{PAGE}?ids={spool.pk}&sheet=custom&width=300&height=20&paper=A4")
    assert "1 label needs 300 mm; A4 has 210 mm." in page.content.decode()
    page = at_admin.get(f"{PAGE}?ids={spool.pk}&sheet=custom&width=8&height=8&contents=code")
    assert "does not fit on this label" in page.content.decode()
    assert at_admin.get(f"{PAGE}?ids={spool.pk}&sheet=L7160").context["cut"] == []


def test_a_form_that_can_not_be_says_so_and_prints_nothing(at_admin):
    spool = a_spool()
    answer = at_admin.get(f"{PAGE}?ids={spool.pk}&start=30&as=pdf")
    assert answer["Content-Type"].startswith("text/html")
    assert "has 21 labels" in answer.content.decode()
    for query in ("", "?ids=", "?ids=x,y", f"?ids={'9' * 30}", "?ids=1&sheet=x&copies=-1"):
        answer = at_admin.get(f"{PAGE}{query}")
        assert (answer.status_code, answer.context["wanted"]) == (200, [])
    assert at_admin.get(f"{PAGE}?ids=x,%00").status_code == 400


def test_letters_that_can_not_be_printed_are_named_before(at_admin):
    spool = a_spool(filament=a_filament("丝绸"))
    text = at_admin.get(f"{PAGE}?ids={spool.pk}").content.decode()
    assert "1 of the labels has letters that no font here has: 丝绸" in text


def test_blank_labels_are_printed_for_what_is_still_to_come(at_admin):
    assert "Print blank labels" in at_admin.get("/admin/inventory/spool/").content.decode()
    document = at_admin.get(f"{BLANKS}?count=3&sheet=54x25&copies=2&as=pdf").content
    read = pdf.codes(document)
    assert (len(read), len(set(read))) == (6, 3)
    assert not Spool.objects.exists()


def test_what_was_received_leads_to_its_labels(at_admin):
    words = {"filament": a_filament(net_grams=Decimal(1000)).pk, "count": 3}
    answer = at_admin.post("/admin/inventory/spool/receive/", words, follow=True)
    ids = ",".join(str(spool.pk) for spool in Spool.objects.order_by("pk"))
    assert f'{PAGE}?ids={ids.replace(",", "%2C")}">Print their labels' in answer.content.decode()


def test_nobody_and_no_strangers_print_labels(farm_client, client_at):
    spool = a_spool()
    assert "/admin/login/" in farm_client.get(f"{PAGE}?ids={spool.pk}&as=pdf")["Location"]
    assert client_at("beta.localhost").get(f"{PAGE}?ids={spool.pk}&as=pdf").status_code == 302
