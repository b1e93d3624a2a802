"""How a printer gets its token in the admin, and the line for its settings, once."""

import re

import pytest

from tenants.accounts import services
from tenants.accounts.models import DeviceToken
from tenants.operations.refusals import Invalid
from tests.factories import a_printer, make_token
from tests.production.spoolman.clients import Printer, ok
from tests.responses import text_of

ADD = "/admin/accounts/devicetoken/add/"


def test_a_printers_page_leads_to_its_token_and_the_line_is_shown_once(as_manager, manager):
    printer = a_printer("Voron 3")
    page = f"/admin/production/printer/{printer.pk}/change/"
    link = re.search(rf'href="({ADD}[?][^"]*)"', text_of(as_manager.get(page)))[1]
    form = as_manager.get(link.replace("&amp;", "&")).context["adminform"].form
    given = {name: form.initial[name] for name in ("name", "user", "scope", "kind", "printer")}
    answer = as_manager.post(ADD, given)
    token, secret = DeviceToken.objects.get(), answer.context["secret"]
    assert (token.name, token.scope, token.kind) == ("Voron 3", "printer", "moonraker")
    assert (token.printer, token.user) == (printer, manager)
    lines = f"[spoolman]\nserver: http://alpha.localhost/d/{secret}\nsync_rate: 5"
    assert lines in text_of(answer)
    assert ok(Printer(secret).get("info"))
    shown = text_of(as_manager.get(page))
    assert f"/admin/accounts/devicetoken/{token.pk}/change/" in shown
    assert secret not in shown


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("octoprint", "settings of its plugin"),
        ("bridge", "Other programs"),
        ("slicer", "Host Type: OctoPrint"),
        ("", "Moonraker"),
    ],
)
def test_other_programs_have_an_address(as_manager, manager, kind, words):
    form = {"name": "x", "user": manager.pk, "scope": "printer", "kind": kind}
    answer = as_manager.post(ADD, form)
    assert f"http://alpha.localhost/d/{answer.context['secret']}" in text_of(answer)
    assert words in text_of(answer)


def test_who_may_not_see_tokens_sees_none(at_admin, manager):
    printer = a_printer()
    make_token(manager, name="Secret tablet", scope="printer", kind="moonraker", printer=printer)
    shown = text_of(at_admin.get(f"/admin/production/printer/{printer.pk}/change/"))
    assert "Secret tablet" not in shown
    assert ADD not in shown


def test_the_token_of_a_printer_has_the_scope_of_printers(as_manager, manager):
    printer = a_printer()
    with pytest.raises(Invalid):
        services.issue_token(manager, name="x", scope="all", printer=printer, by=manager)
    form = {"name": "x", "user": manager.pk, "scope": "all", "printer": printer.pk}
    answer = as_manager.post(ADD, form)
    assert "The token of a printer has the scope printer or printer_read." in text_of(answer)
    assert not DeviceToken.objects.exists()
