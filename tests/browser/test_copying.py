"""What a program of a printer needs is copied with a touch, also without HTTPS."""

from urllib.parse import urlencode

from tenants.accounts.models import User
from tests.browser.page_checks import PHONE, WIDEST


def test_the_lines_for_a_printer_are_copied(visit):
    given = {"name": "Voron", "kind": "moonraker", "scope": "printer"}
    given["user"] = User.objects.get(username="mona").pk
    page = visit(f"/admin/accounts/devicetoken/add/?{urlencode(given)}", by="mona", viewport=PHONE)
    page.locator("[name=_save]").click()
    lines = page.locator("pre.secret")
    page.context.grant_permissions(["clipboard-read"])
    page.locator("pre.secret + button").click()
    assert page.locator("pre.secret + button").inner_text() == "Copied"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == lines.inner_text()
    assert copied.startswith("[spoolman]\nserver: http://")
    assert page.evaluate(WIDEST) == 0


def test_the_link_of_a_report_is_copied(visit):
    page = visit("/admin/reports/variance/?group_by=status", by="mona", viewport=PHONE)
    page.context.grant_permissions(["clipboard-read"])
    link = page.locator("a.copy-link")
    link.click()
    assert link.inner_text() == "Copied"
    assert page.evaluate("navigator.clipboard.readText()") == page.url
