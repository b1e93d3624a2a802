"""Every page of the admin, by every role, with more in its form than its fields: nobody bypasses
a service."""

import re
import zlib
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import connection
from django.db.models import Sum
from django.urls import reverse

from inventory.models import InventoryTransaction, Spool, SpoolEvent
from production.models import ProductionRun, RunEvent, RunItem, RunMaterial, RunNumber
from tenants.accounts import roles
from tenants.jobs.models import Job
from tenants.site.site import farm_site
from tests.budgets import IS_DEEP
from tests.factories import make_user
from tests.production.admin_forms import fields
from tests.production.admin_rows import every_page, pages_of

READ = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK)\b")
SIGN_OUT = "/admin/logout/"  # which ends the walk
PASSWORD = "/admin/password_change/"  # one's own, which a viewer may change
PARTS = 4  # so that no test takes long
REFUSED = {403, 404}
MAX_BYTES, MAX_BYTES_OF_A_ROW = 60_000, 2_000  # of a page without a list's rows; of each row
ROWS = re.compile(rb'id="result_list".*?<tbody>(.*)</tbody>', re.DOTALL)
MADE = {"spool", "inventorytransaction", "spoolevent", "floordevice", "backup"}  # not by a form
INLINE = [
    re.compile(pattern)
    for pattern in (
        r"<style|\sstyle=|\son[a-z]+=|javascript:",
        r"<script(?![^>]*src=)(?![^>]*application/json)",
        r'(src|href)="(https?:)?//',
    )
]
FORGED = {
    "status": "completed",
    "number": "FORGED-1",
    "version": "99",
    "code": "FORGED123",
    "kind": "receipt",
    "balance_grams": "777",
    "remaining_grams": "777",
    "reserved_grams": "777",
    "initial_grams": "777",
    "cost_per_gram": "7",
    "reverses": "1",
    "performed_by_name": "Nobody",
    "started_at": "2026-01-01T10:00",
    "finished_at": "2026-01-01T10:00",
    "archived_at": "2026-01-01T10:00",
    "deleted_at": "2026-01-01T10:00",
    "hash": "f" * 64,
    **{f"materials-0-{name}": "777" for name in ("actual_grams", "reserved_grams")},
    **{f"items-0-{name}": "7" for name in ("good_count", "scrapped_count", "planned_quantity")},
    **{"_do": "1", "_seen": "f" * 32, "post": "yes", "_save": "Save"},
    **{"action": "delete_selected", "select_across": "1", "kept": "forged"},
}
FIGURES = {
    InventoryTransaction: None,
    SpoolEvent: None,
    RunEvent: None,
    Spool: ["code", "initial_grams", "remaining_grams", "reserved_grams", "archived_at"],
    ProductionRun: ["number", "status", "started_at", "finished_at", "deleted_at"],
    RunItem: ["good_count", "scrapped_count", "planned_quantity"],
    RunMaterial: ["actual_grams", "reserved_grams", "actual_source"],
}


@pytest.fixture
def manager(furnished_admin, farm):
    return deepcopy(furnished_admin[0])


@pytest.fixture
def rows(furnished_admin, farm):
    return deepcopy(furnished_admin[1])


def books():
    """What only services write, of each row."""
    return {
        model: {
            row.pop("id"): row for row in model.objects.values(*(names and ["id", *names] or []))
        }
        for model, names in FIGURES.items()
    }


def everything():
    """All that the admin has pages for, but jobs: whoever sees a list may begin its export."""
    return {
        model: list(model._default_manager.order_by("pk").values())
        for model in farm_site._registry
        if model is not Job
    }


def about(url, rows):
    """What else the address takes."""
    printed = {"/admin/inventory/spool/labels/": "spool"}
    printed["/admin/production/productionrun/travellers/"] = "productionrun"
    return {"ids": rows[printed[url]].pk} if url in printed else {}


def forge(client, url, rows):
    """Send the page's form with all that is forged, and what is chosen on a list."""
    answer = client.get(url, about(url, rows))
    typed = {}
    if (
        answer.status_code == 200
        and not answer.streaming
        and b'<form method="post"' in answer.content
    ):
        typed = fields(answer)
    name = url.split("/")[3] if url.count("/") > 3 else ""
    chosen = {"_selected_action": rows[name].pk} if name in rows else {}
    return answer, client.post(url, typed | FORGED | chosen)


def test_the_walk_goes_everywhere(rows):
    pages = set(every_page(rows))
    for model, model_admin in farm_site._registry.items():
        start = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert start in pages
        for verb in getattr(model_admin, "verbs", ()):
            assert f"{start}{rows[model._meta.model_name].pk}/{verb.name}/" in pages
    assert pages > refusals_of_pages(rows, roles.MANAGER).keys()
    assert pages > refusals_of_verbs(rows, roles.MANAGER).keys()


def pages_in(part, rows, role):
    """A part of the pages, but for the one that ends the walk; at last those that delete.

    By default an operator goes to one half of the pages, and a viewer to the other.
    """
    pages = sorted(every_page(rows), key=lambda url: url.endswith("/delete/"))
    pages = [url for url in pages if url != SIGN_OUT]
    if role != roles.MANAGER and not IS_DEEP:
        half = [roles.OPERATOR, roles.VIEWER].index(role)
        pages = [url for url in pages if kind_of(url) % 2 == half]
    return pages[part::PARTS]


def kind_of(url):
    """A number by its words: of a row's pages it does not depend on the row's id."""
    return zlib.crc32(re.sub(r"\d+", "", url).encode())


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_every_page_asks_for_its_right_and_no_form_writes_the_books(rows, farm_client, role, part):
    """Whatever is sent to whichever page, without having been shown first what it would write."""
    farm_client.force_login(make_user(role=role))
    farm_client.get("/admin/")
    state = everything if role == roles.VIEWER else books
    before, granted, wrong = state(), roles.permissions(role), []
    verbs = refusals_of_verbs(rows, role)
    pages = verbs | refusals_of_pages(rows, role)
    for url in pages_in(part, rows, role):
        if role == roles.VIEWER and url == PASSWORD:
            continue
        with writing() as writes:
            page, answer = forge(farm_client, url, rows)
        codes = page.status_code, answer.status_code
        refusals = tuple(code if code in REFUSED else None for code in codes)
        expected = pages.get(url, refusals[0]), verbs.get(url, refusals[1])
        if max(codes) >= 500 or refusals != expected:
            wrong.append((url, *codes))
        if page.status_code not in (302, 403, 404, 405) and right_to(url) not in {None, *granted}:
            wrong.append((url, page.status_code))
        wrong += [(url, each) for each in against_the_policy(page) + heavy(page)]
        if writes and (changed := _changed(before, state())):
            wrong.append((url, changed))
            before = state()
    wrong += _changed(before, state())
    assert wrong == []
    taken = RunNumber.objects.aggregate(last=Sum("last"))["last"]
    assert taken == ProductionRun._base_manager.count()  # a new run took the next number


def refusals_of_pages(rows, role):
    """``{url: status}``, None where the role may open the page: what it may view, and to add a row
    takes the right to add one."""
    granted, refusals = roles.permissions(role), {}
    for model in farm_site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        pages = pages_of(rows[name])
        may_add = f"{app}.add_{name}" in granted and name not in MADE
        for page in ("list", "row", "history"):
            refusals[pages[page]] = None if f"{app}.view_{name}" in granted else 403
        refusals[pages["add"]] = None if may_add else 403
    return refusals


def refusals_of_verbs(rows, role):
    """The same of the verbs, to look at and to carry out."""
    granted, refusals = roles.permissions(role), {}
    for model, model_admin in farm_site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        is_of_another = model is Job and role != roles.MANAGER
        for verb in getattr(model_admin, "verbs", ()):
            url = reverse(f"admin:{name}_do_{verb.name}", args=[rows[model._meta.model_name].pk])
            may = None if verb.permission in granted else 403
            refusals[url] = 404 if is_of_another else may
    return refusals


def heavy(page):
    """What of a page is too large to be sent to a tablet, uncompressed."""
    if page.streaming or not page["Content-Type"].startswith("text/html"):
        return []
    rows = found[1] if (found := ROWS.search(page.content)) else b""
    of_a_row = len(rows) / max(rows.count(b"<tr"), 1)
    weights = {"page": len(page.content) - len(rows), "row": of_a_row}
    limits = {"page": MAX_BYTES, "row": MAX_BYTES_OF_A_ROW}
    return [(part, each) for part, each in weights.items() if each > limits[part]]


def against_the_policy(page):
    """What is inline or from elsewhere: in what we write and in what Django brings."""
    if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
        return []
    text, policy = page.content.decode(), page["Content-Security-Policy"]
    lax = [] if "default-src 'self'" in policy and "unsafe" not in policy else [policy]
    return lax + [found[0] for found in (pattern.search(text) for pattern in INLINE) if found]


@contextmanager
def writing():
    """The statements sent within that are not plain reads."""
    seen = []

    def note(execute, sql, params, many, context):
        if not READ.match(sql):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def right_to(url):
    """The right without which a page must not open; None where it takes none."""
    found = re.fullmatch(r"/admin/(accounts|inventory|jobs|production)/(\w+)/.*", url)
    return found and f"{found[1]}.view_{found[2]}"


def _changed(before, after):
    return [model for model in before if _changes(before[model], after[model])]


def _changes(before, after):
    """Rows that were there and are different; new ones that are not as a service makes them. Where
    nothing at all may be written, both are lists of all rows."""
    if isinstance(before, list):
        return before != after
    new = [row for pk, row in after.items() if pk not in before]
    made = [
        row for row in new if "FORGED" in str(row) or row.get("status") not in (None, "planned")
    ]
    return made or any(after.get(pk) != row for pk, row in before.items())


def test_nobody_opens_a_page_without_signing_in(rows, farm_client):
    pages = [url for url in every_page(rows) if right_to(url)]
    answers = {url: farm_client.get(url, about(url, rows)).status_code for url in pages}
    assert {url: code for url, code in answers.items() if code != 302} == {}
