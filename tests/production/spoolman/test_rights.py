"""Who may do what at every address of Spoolman's API: each role from the least one up, and each
scope of printers. An address without a row here fails a test."""

import pytest
from django.db import transaction

from production.spoolman.urls import ADDRESSES
from tenants.accounts import roles, scopes
from tests.config.test_roles import LEAST, may, parsed
from tests.factories import make_user
from tests.production.spoolman.clients import Printer, a_printer_client

# *: everybody, without a token; v, o, m: viewers, operators, managers and up; a dot: no such method
TABLE = """
                                   GET POST PUT PATCH DELETE
article-number                     v   .    .   .     .
backup                             .   m    .   .     .
export/filaments                   v   .    .   .     .
export/spools                      v   .    .   .     .
export/vendors                     v   .    .   .     .
external/filament                  v   .    .   .     .
external/filament/search           v   .    .   .     .
external/material                  v   .    .   .     .
field/<entity_type>                v   .    .   .     .
field/<entity_type>/<key>          .   o    .   .     m
field/<entity_type>/<key>/values   v   .    .   .     .
filament                           v   o    .   .     .
filament/<filament_id>             v   .    .   o     m
health                             *   .    .   .     .
info                               v   .    .   .     .
location                           v   .    .   .     .
location/<path:name>               .   .    .   o     .
lot-number                         v   .    .   .     .
material                           v   .    .   .     .
search                             v   .    .   .     .
setting/                           v   .    .   .     .
setting/<key>                      v   m    .   .     .
spool                              v   o    .   .     .
spool/<spool_id>                   v   .    .   o     o
spool/<spool_id>/measure           .   .    o   .     .
spool/<spool_id>/use               .   .    o   .     .
spool/field/<field>                .   .    .   o     .
spool/group                        v   .    .   .     .
vendor                             v   o    .   .     .
vendor/<vendor_id>                 v   .    .   o     m
"""
PARTS = {"<entity_type>": "spool", "<key>": "currency", "<path:name>": "x", "<field>": "location"}
RIGHTS = parsed(TABLE)
ROWS = [(path, method, letter) for path, row in RIGHTS.items() for method, letter in row.items()]


def address(path):
    steps = path.split("/")
    return "/".join(PARTS.get(step, "7000000" if step.startswith("<") else step) for step in steps)


def status_of(client, method, path):
    with transaction.atomic():
        answer = client.ask(method, address(path), {})
        transaction.set_rollback(True)
    return answer.status_code


def test_every_address_has_a_row():
    assert sorted(ADDRESSES) == sorted(RIGHTS)


@pytest.mark.parametrize("role", roles.FARM_ROLES)
def test_each_role_may_what_its_row_says(farm, role):
    client, wrong = a_printer_client(make_user(role=role)), []
    for path, method, letter in ROWS:
        status = status_of(client, method, path)
        is_right = {".": status == 405, "*": status == 200}.get(
            letter, (status not in (401, 403)) == may(letter, role)
        )
        if not is_right or status >= 500 and path != "backup":
            wrong.append((path, method, letter, status))
    assert wrong == []


def test_a_scope_to_read_with_reads_and_nobody_reads_nothing(manager):
    reader, nobody = a_printer_client(manager, scope=scopes.PRINTER_READ), Printer()
    for path, method, letter in ROWS:
        if letter in LEAST:
            assert status_of(nobody, method, path) == 401, path
            is_refused = status_of(reader, method, path) == 403
            assert is_refused == (letter != "v"), (path, method)
