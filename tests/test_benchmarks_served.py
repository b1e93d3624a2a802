"""Rows of the table of `make bench`, over HTTP and at a tiny size."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django_tenants.utils import tenant_context

from benchmarks import api, exports, growth, making, many_farms
from benchmarks.load import Unexpected
from benchmarks.serving import Side
from benchmarks.workloads import API, COMPLETE, GROWTH
from config.database.embedded.postmaster import running


@pytest.fixture
def side(server, committed_farm):
    """The tests' server, with a farm to ask for."""
    with tenant_context(committed_farm):
        rows = making.rows_for_verbs(committed_farm, 8) | making.accounts_of(committed_farm)
    place = settings.DATABASES["default"]["EMBEDDED"]
    postmaster = running(Path(place) / "postgres").pid
    return Side(server.url, server.pid, postmaster, rows=rows)


OPTIONS = SimpleNamespace(clients=[2], rounds=1, requests=2, seconds=0.05, farms=[1, 3])


def test_requests_are_measured_with_their_cpu_and_memory(side):
    found = api.in_turns(COMPLETE, {"bare": side, "ours": side}, OPTIONS)
    row = api.of_verb("completion of a run of two spools", found, OPTIONS, memory=side.memory())
    assert row.load.rate > 0
    assert len(row.load.times) == 2
    assert all(each > 10_000_000 for each in row.memory)
    assert side.connections()
    name = "list of 50 spools"
    found = api.in_turns(API[name], {"ours": side}, OPTIONS)
    assert api.of_read(name, found, OPTIONS).load.cpu >= 0


def test_another_answer_than_expected_is_not_measured(side):
    side.rows["account"][1]["Authorization"] = "Token of-nobody"
    with pytest.raises(Unexpected, match="401"):
        api.in_turns(API["list of 50 spools"], {"ours": side}, OPTIONS)


def test_growth_farms_and_exports_are_measured(side, monkeypatch):
    monkeypatch.setattr(many_farms, "LEAST", 4)
    monkeypatch.setattr(many_farms, "TIMES", 1)
    monkeypatch.setattr(growth, "COMPLETIONS", 1)
    monkeypatch.setattr(exports, "COMPLETIONS", 2)
    page_of_runs = GROWTH["runs: first page with their number"]
    found = growth.in_turns(page_of_runs, side, {1: side.rows, 2: side.rows}, OPTIONS)
    assert growth.row("one run, grown", found, side).figure >= 0
    ratio, memory = many_farms.visited(side, 3, [side.rows["account"]] * 3, OPTIONS)
    assert ratio.more.startswith("3 farms")
    assert memory.figure * 1e9 == pytest.approx(memory.memory[1])
    alone, beside = exports.pair(side, side.rows)
    assert len(alone.times) == len(beside.times) == 2
