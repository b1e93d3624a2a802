"""The same work in processes of their own, and the commands that use them."""

import csv
import io
import os
import signal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import schema_context

from tenants.farms import services
from tenants.models import Tenant
from tenants.operations.processes import in_processes
from tests.factories import PASSWORD
from tests.tenants.test_farms import run


def ends(item):
    if item == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 // item, os.getpid()


@pytest.mark.parametrize("count", [1, 2])
def test_one_that_fails_does_not_stop_the_others(count):
    done = list(in_processes(ends, [1, 0, 2], count=count))
    results = {item: result for item, result, _ in done if result}
    assert {item: result[0] for item, result in results.items()} == {1: 10, 2: 5}
    failures = {item: why for item, _, why in done if why}
    assert failures == {0: "integer division or modulo by zero"}
    pids = {pid for _, pid in results.values()}
    assert (os.getpid() in pids) == (count == 1)


def test_others_go_on_with_the_rest_where_a_process_is_killed():
    items = ["is killed", 1, 2, 3, 4, 5]
    done = {item: why for item, _, why in in_processes(ends, items, count=2)}
    assert done == {"is killed": "Its process has ended."} | dict.fromkeys([1, 2, 3, 4, 5])


@pytest.fixture
def table(tmp_path, django_db_setup, django_db_blocker):
    """``table(*lines)``: the path of a table of farms, which are dropped in the end."""
    path = tmp_path / "farms.csv"

    def write(*lines):
        path.write_text("\n".join(["slug,name,password,timezone", *lines, ""]))
        return path

    with django_db_blocker.unblock():
        connection.set_schema_to_public()
        yield write
        with schema_context("public"):
            for farm in Tenant.objects.filter(slug__startswith="of-a-table-"):
                services.drop_farm(farm, by=None)


def test_the_farms_of_a_table_are_added_and_the_command_goes_on_where_it_was(table, capsys):
    call_command("add_farm", "of-a-table-1", password=PASSWORD)
    lines = ["of-a-table-1,,,", f"of-a-table-2,Two,{PASSWORD},", "of-a-table-3,,,Mars/Base"]
    path = table(*lines, "of-a-table-4,Four,,")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="There is no farm: of-a-table-3[.]"):
        call_command("add_farms", path, processes=2, stdout=out, stderr=err)
    found = sorted(csv.reader(io.StringIO(out.getvalue())))
    assert [line[:3] for line in found[:2]] == [
        [f"of-a-table-{number}", f"of-a-table-{number}.localhost", "manager"] for number in (2, 4)
    ]
    assert [bool(line[3]) for line in found[:2]] == [False, True], "made up: the second alone"
    assert "There already: 1 of 4" in err.getvalue()
    assert "of-a-table-3: " in err.getvalue()
    assert Tenant.objects.get(slug="of-a-table-2").name == "Two"
    again = table(*lines[:2])
    assert run("add_farms", again, processes=2, stderr=io.StringIO()).split() == [
        "slug,host,manager,password"
    ]


@pytest.mark.parametrize("line", ["slug,colour", "name", '"slug'])
def test_a_table_that_can_not_be_read_is_refused(tmp_path, line):
    path = tmp_path / "farms.csv"
    path.write_text(f"{line}\na,b\n")
    with pytest.raises(CommandError, match="slug is needed|can't be read"):
        call_command("add_farms", path)
