"""Who may do what at every address: each role from the least one up, and nobody below it.

A new address without a row here (a model of the admin: in ``admin_pages``) fails a test.
"""

import pytest
from django.db import transaction

from tenants.accounts import roles
from tests.budgets import IS_DEEP, some_of
from tests.config.admin_pages import ADMIN, OF_ADMIN
from tests.config.page_roles import PAGES
from tests.config.routes import NOWHERE, routes
from tests.conftest import FarmAPIClient, FarmClient
from tests.factories import make_user

# v: viewers and up; o: operators and up; m: managers; -: nobody; a dot: there is no such method.
API = """
                                                        GET   POST  PUT   PATCH DELETE
/api/v1/                                                v     .     .     .     .
/api/v1/audit-events/                                   m     .     .     .     .
/api/v1/audit-events/{pk}/                              m     .     .     .     .
/api/v1/best-fit/                                       v     o     .     .     .
/api/v1/device-tokens/                                  m     m     .     .     .
/api/v1/device-tokens/{pk}/                             m     .     .     .     m
/api/v1/docs/                                           v     .     .     .     .
/api/v1/filaments/                                      v     o     .     .     .
/api/v1/filaments/catalogue/                            v     .     .     .     .
/api/v1/filaments/import-catalogue/                     .     o     .     .     .
/api/v1/filaments/import/                               .     o     .     .     .
/api/v1/filaments/{pk}/                                 v     .     o     o     m
/api/v1/filaments/{pk}/merge/                           .     m     .     .     .
/api/v1/filaments/{pk}/restore/                         .     o     .     .     .
/api/v1/filaments/{pk}/unmerge/                         .     m     .     .     .
/api/v1/find/                                           v     .     .     .     .
/api/v1/floor-devices/                                  m     .     .     .     .
/api/v1/floor-devices/{pk}/                             m     .     .     .     m
/api/v1/floor-devices/{pk}/unlock/                      .     m     .     .     .
/api/v1/holds/                                          v     o     .     .     .
/api/v1/holds/{pk}/                                     v     .     .     .     .
/api/v1/holds/{pk}/in-use/                              v     .     .     .     .
/api/v1/holds/{pk}/release/                             .     m     .     .     .
/api/v1/holds/{pk}/return/                              .     m     .     .     .
/api/v1/inventory-transactions/                         v     .     .     .     .
/api/v1/inventory-transactions/correct-clock/           .     m     .     .     .
/api/v1/inventory-transactions/{pk}/                    v     .     .     .     .
/api/v1/inventory-transactions/{pk}/reverse/            .     m     .     .     .
/api/v1/jobs/                                           v     .     .     .     .
/api/v1/jobs/{pk}/                                      v     .     .     .     .
/api/v1/jobs/{pk}/cancel/                               .     v     .     .     .
/api/v1/jobs/{pk}/result/                               v     .     .     .     .
/api/v1/locations/                                      v     o     .     .     .
/api/v1/locations/{pk}/                                 v     .     o     o     m
/api/v1/manufacturers/                                  v     o     .     .     .
/api/v1/manufacturers/{pk}/                             v     .     o     o     m
/api/v1/manufacturers/{pk}/restore/                     .     o     .     .     .
/api/v1/material-types/                                 v     o     .     .     .
/api/v1/material-types/{pk}/                            v     .     o     o     m
/api/v1/me/                                             v     .     .     .     .
/api/v1/me/password/                                    .     v     .     .     .
/api/v1/me/undo/                                        v     o     .     .     .
/api/v1/print-hosts/                                    m     m     .     .     .
/api/v1/print-hosts/{pk}/                               m     .     m     m     m
/api/v1/pictures/{pk}/                                  v     .     .     .     m
/api/v1/pictures/{pk}/thumbnail/                        v     .     .     .     .
/api/v1/printers/                                       v     m     .     .     .
/api/v1/printers/import/                                .     m     .     .     .
/api/v1/printers/models/                                v     .     .     .     .
/api/v1/printers/several/                               .     m     .     .     .
/api/v1/printers/{pk}/                                  v     .     m     m     m
/api/v1/printers/{pk}/clear/                            .     o     .     .     .
/api/v1/printers/{printer_id}/slots/                    v     o     .     .     .
/api/v1/printers/{printer_id}/slots/{pk}/               v     .     o     o     m
/api/v1/printers/{printer_id}/slots/{pk}/load/          .     o     .     .     .
/api/v1/printers/{printer_id}/slots/{pk}/swap/          .     o     .     .     .
/api/v1/printers/{printer_id}/slots/{pk}/unload/        .     o     .     .     .
/api/v1/production-runs/                                v     o     .     .     .
/api/v1/production-runs/bulk/                           .     o     .     .     .
/api/v1/production-runs/plan/                           .     o     .     .     .
/api/v1/production-runs/record/                         .     o     .     .     .
/api/v1/production-runs/{pk}/                           v     .     o     o     o
/api/v1/production-runs/{pk}/actuals/                   .     o     .     .     .
/api/v1/production-runs/{pk}/blockers/                  v     .     .     .     .
/api/v1/production-runs/{pk}/cancel/                    .     o     .     .     .
/api/v1/production-runs/{pk}/change-printer/            .     o     .     .     .
/api/v1/production-runs/{pk}/complete/                  .     o     .     .     .
/api/v1/production-runs/{pk}/copy/                      .     o     .     .     .
/api/v1/production-runs/{pk}/correct/                   .     o     .     .     .
/api/v1/production-runs/{pk}/fail/                      .     o     .     .     .
/api/v1/production-runs/{pk}/fitting-spools/            v     .     .     .     .
/api/v1/production-runs/{pk}/progress/                  .     o     .     .     .
/api/v1/production-runs/{pk}/reassign/                  .     o     .     .     .
/api/v1/production-runs/{pk}/refresh-plan/              .     o     .     .     .
/api/v1/production-runs/{pk}/reorder/                   .     o     .     .     .
/api/v1/production-runs/{pk}/reprint/                   .     o     .     .     .
/api/v1/production-runs/{pk}/restore/                   .     m     .     .     .
/api/v1/production-runs/{pk}/revert/                    .     o     .     .     .
/api/v1/production-runs/{pk}/start/                     .     o     .     .     .
/api/v1/production-runs/{pk}/swap-spool/                .     o     .     .     .
/api/v1/production-runs/{pk}/take-over-reports/         .     o     .     .     .
/api/v1/production-runs/{pk}/traveller/                 v     .     .     .     .
/api/v1/production-runs/{pk}/unstart/                   .     o     .     .     .
/api/v1/production-runs/{pk}/estimate/                  v     .     .     .     .
/api/v1/production-runs/{pk}/explanation/               v     .     .     .     .
/api/v1/production-runs/{pk}/variance/                  v     .     .     .     .
/api/v1/production-runs/{run_id}/items/                 v     o     .     .     .
/api/v1/production-runs/{run_id}/items/{pk}/            v     .     o     o     o
/api/v1/production-runs/{run_id}/materials/             v     o     .     .     .
/api/v1/production-runs/{run_id}/materials/{pk}/        v     .     o     o     o
/api/v1/production-runs/{run_id}/photos/                v     o     .     .     .
/api/v1/production-runs/{run_id}/photos/{pk}/           v     .     .     .     o
/api/v1/products/                                       v     o     .     .     .
/api/v1/products/import/                                .     o     .     .     .
/api/v1/products/{pk}/                                  v     .     o     o     m
/api/v1/products/{pk}/accept-actuals/                   .     o     .     .     .
/api/v1/products/{pk}/photo/                            .     o     .     .     o
/api/v1/products/{pk}/estimate/                         v     .     .     .     .
/api/v1/products/{pk}/proposal/                         v     .     .     .     .
/api/v1/products/{product_id}/bom-lines/                v     o     .     .     .
/api/v1/products/{product_id}/bom-lines/{pk}/           v     .     o     o     m
/api/v1/products/{product_id}/aliases/                  v     .     .     .     .
/api/v1/products/{product_id}/aliases/{pk}/             v     .     .     .     m
/api/v1/products/{product_id}/files/                    v     .     .     .     .
/api/v1/products/{product_id}/files/{pk}/               v     .     .     o     m
/api/v1/reasons/                                        v     m     .     .     .
/api/v1/reasons/{pk}/                                   v     .     m     m     m
/api/v1/repeats/                                        v     .     .     .     .
/api/v1/repeats/{pk}/                                   v     .     .     .     .
/api/v1/repeats/{pk}/overrule/                          .     m     .     .     .
/api/v1/reports/alerts/                                 v     .     .     .     .
/api/v1/reports/consumption/                            v     .     .     .     .
/api/v1/reports/explanation/                            v     .     .     .     .
/api/v1/reports/lot-parts/                              v     .     .     .     .
/api/v1/reports/lots/                                   v     .     .     .     .
/api/v1/reports/printers/                               v     .     .     .     .
/api/v1/reports/scrap/                                  v     .     .     .     .
/api/v1/reports/slicer/                                 v     .     .     .     .
/api/v1/reports/stock-by-material-type/                 v     .     .     .     .
/api/v1/reports/stock-changes/                          v     .     .     .     .
/api/v1/reports/stock-value/                            v     .     .     .     .
/api/v1/reports/stock/                                  v     .     .     .     .
/api/v1/reports/unexplained/                            v     .     .     .     .
/api/v1/reports/variance/                               v     .     .     .     .
/api/v1/roles/                                          v     .     .     .     .
/api/v1/run-events/                                     v     .     .     .     .
/api/v1/run-events/{pk}/                                v     .     .     .     .
/api/v1/scan/                                           .     v     .     .     .
/api/v1/schema/                                         v     .     .     .     .
/api/v1/settings/                                       v     .     m     m     .
/api/v1/sliced-files/                                   v     o     .     .     .
/api/v1/sliced-files/{pk}/                              v     .     .     .     o
/api/v1/sliced-files/{pk}/plan/                         .     o     .     .     .
/api/v1/slicer-corrections/                             v     m     .     .     .
/api/v1/slicer-corrections/{pk}/                        v     .     .     .     .
/api/v1/slicer-corrections/{pk}/withdraw/               .     m     .     .     .
/api/v1/spools/                                         v     o     .     .     .
/api/v1/spools/import/                                  .     o     .     .     .
/api/v1/spools/labels/                                  v     .     .     .     .
/api/v1/spools/receive/                                 .     o     .     .     .
/api/v1/spools/{pk}/                                    v     .     o     o     .
/api/v1/spools/{pk}/adjust/                             .     m     .     .     .
/api/v1/spools/{pk}/revalue/                            .     m     .     .     .
/api/v1/spools/{pk}/archive/                            .     o     .     .     .
/api/v1/spools/{pk}/dry/                                .     o     .     .     .
/api/v1/spools/{pk}/empty/                              .     o     .     .     .
/api/v1/spools/{pk}/label/                              v     .     .     .     .
/api/v1/spools/{pk}/merge/                              .     m     .     .     .
/api/v1/spools/{pk}/move/                               .     o     .     .     .
/api/v1/spools/{pk}/unmerge/                            .     m     .     .     .
/api/v1/spools/{pk}/open/                               .     o     .     .     .
/api/v1/spools/{pk}/relabel/                            .     o     .     .     .
/api/v1/spools/{pk}/restore/                            .     o     .     .     .
/api/v1/spools/{pk}/return/                             .     m     .     .     .
/api/v1/spools/{pk}/use/                                .     o     .     .     .
/api/v1/spools/{pk}/waste/                              .     o     .     .     .
/api/v1/spools/{pk}/weigh/                              .     o     .     .     .
/api/v1/stocktakes/                                     v     o     .     .     .
/api/v1/stocktakes/{pk}/                                v     .     .     .     .
/api/v1/stocktakes/{pk}/cancel/                         .     m     .     .     .
/api/v1/stocktakes/{pk}/mark-rest-missing/              .     o     .     .     .
/api/v1/stocktakes/{pk}/note-unknown/                   .     o     .     .     .
/api/v1/stocktakes/{pk}/post/                           .     m     .     .     .
/api/v1/stocktakes/{pk}/record/                         .     o     .     .     .
/api/v1/stocktakes/{pk}/review/                         v     .     .     .     .
/api/v1/stocktakes/{pk}/sheet/                          v     .     .     .     .
/api/v1/stocktakes/{pk}/take-back/                      .     o     .     .     .
/api/v1/stocktakes/{pk}/undo/                           .     m     .     .     .
/api/v1/stocktakes/{stocktake_id}/lines/                v     .     .     .     .
/api/v1/stocktakes/{stocktake_id}/lines/{pk}/           v     .     .     .     .
/api/v1/spools/{spool_id}/events/                       v     .     .     .     .
/api/v1/spools/{spool_id}/events/{pk}/                  v     .     .     .     .
/api/v1/spools/{spool_id}/tags/                         v     o     .     .     .
/api/v1/spools/{spool_id}/tags/{pk}/                    v     .     .     .     o
/api/v1/spools/{spool_id}/transactions/                 v     .     .     .     .
/api/v1/spools/{spool_id}/transactions/{pk}/            v     .     .     .     .
/api/v1/tokens/                                         v     v     .     .     .
/api/v1/tokens/{pk}/                                    v     .     .     .     v
/api/v1/users/                                          m     m     .     .     .
/api/v1/users/{pk}/                                     m     .     m     m     .
/api/v1/users/{pk}/clear-pin/                           .     m     .     .     .
/api/v1/users/{pk}/deactivate/                          .     m     .     .     .
/api/v1/users/{pk}/reactivate/                          .     m     .     .     .
/api/v1/users/{pk}/set-pin/                             .     m     .     .     .
/api/v1/users/{pk}/unlock/                              .     m     .     .     .
/api/v1/users/{pk}/unlock-pin/                          .     m     .     .     .
/api/v1/users/{pk}/set-password/                        .     m     .     .     .
"""
LEAST = {"v": roles.VIEWER, "o": roles.OPERATOR, "m": roles.MANAGER}


def parsed(table):
    """``{path: {column: letter}}``"""
    head, *lines = table.strip("\n").splitlines()
    rows = (line.split() for line in lines)
    return {path: dict(zip(head.split(), letters, strict=True)) for path, *letters in rows}


def expected():
    """``{(path, method): letter}`` of the three tables."""
    rights = {
        (path, method.lower()): letter
        for table in (API, PAGES)
        for path, letters in parsed(table).items()
        for method, letter in letters.items()
    }
    for path, letters in parsed(ADMIN).items():
        for page, doings in OF_ADMIN.items():
            for method, doing in zip(("get", "post"), doings, strict=False):
                rights[f"{path}{page}", method] = letters[doing] if doing else "v"
    return rights


EXPECTED = expected()
ROUTES = {route.path: route for route in routes() if route.path != NOWHERE}


def test_every_address_has_a_row():
    assert sorted(ROUTES) == sorted({path for path, _ in EXPECTED})


def may(letter, role):
    order = roles.FARM_ROLES
    return letter in LEAST and order.index(role) >= order.index(LEAST[letter])


def is_tried(letter, role, number):
    """Whether a role is tried at an address by default: the least that may and the one below it,
    one of all where there is no such method; each at every eighth address."""
    order = roles.FARM_ROLES
    if letter == ".":
        return role in some_of(order, number)
    least = order.index(LEAST[letter]) if letter in LEAST else len(order)
    return IS_DEEP or number % 8 == 0 or order.index(role) in (least - 1, least)


def status_of(client, method, address):
    """The status; its effects are rolled back."""
    with transaction.atomic():
        answer = getattr(client, method)(address)
        transaction.set_rollback(True)
    return answer.status_code


@pytest.fixture
def addresses(both):
    """Each path with ids: missing ones for the API, which checks permissions first; existing ones
    for the admin and the floor."""
    return {
        path: route.address(*([10**17 for _ in route.words] if route.is_api else both[0][path]))
        for path, route in ROUTES.items()
    }


PARTS = ["/api/", "/admin/production/", "/admin/inventory/", "/admin/", "/"]


def part_of(path):
    return next(part for part in PARTS if path.startswith(part))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_each_role_may_what_its_row_says(addresses, role, part):
    user, wrong = make_user(role=role), []
    program, browser = FarmAPIClient(host="alpha.localhost"), FarmClient(host="alpha.localhost")
    program.force_authenticate(user)
    browser.force_login(user)
    rows = [row for row in EXPECTED.items() if part_of(row[0][0]) == part]
    for number, ((path, method), letter) in enumerate(rows):
        if not is_tried(letter, role, number):
            continue
        status = status_of(program if part == "/api/" else browser, method, addresses[path])
        is_allowed = status not in (401, 403, 405)
        is_right = (status == 405) if letter == "." else (is_allowed == may(letter, role))
        if status >= 500 or not is_right:
            wrong.append((path, method, letter, status))
        if path.endswith(("/logout/", "/leave/")):
            browser.force_login(user)
    assert wrong == []
