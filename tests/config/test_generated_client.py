"""A client that openapi-python-client makes of the API's description runs docs/tour.md."""

import importlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from inventory.services.tables.catalogue_reader import read_catalogue
from inventory.services.tables.filament_import import import_filaments
from tests.budgets import deep
from tests.factories import make_token, make_user
from tests.queries import violations

ROOT = Path(__file__).resolve().parents[2]
BYTES = dict.fromkeys(["application/pdf", "text/csv"], "application/octet-stream")
CATALOGUE = ROOT / "inventory" / "samples" / "filaments.json"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The folder name of the client that was made, importable."""
    folder = tmp_path_factory.mktemp("generated")
    programs = Path(sys.executable).parent
    config = folder / "config.json"
    # These are bytes, which the generator can't know; it need not format what it makes.
    config.write_text(json.dumps({"content_type_overrides": BYTES, "post_hooks": []}))
    done = subprocess.run(
        [
            programs / "openapi-python-client",
            *("generate", "--path", ROOT / "docs" / "openapi.yaml"),
            *("--meta", "none", "--output-path", folder / "spoolbook_client"),
            *("--config", config, "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield "spoolbook_client"
    sys.path.remove(str(folder))


@pytest.fixture
def call(generated, committed_farm, server):
    """``call("spools.spools_create", body)``: what an operation answers, its body by name."""
    token = make_token(make_user(role="manager"))
    client = importlib.import_module(f"{generated}.client").AuthenticatedClient(
        base_url=server.url,
        token=token,
        prefix="Token",
        headers={"Host": f"{committed_farm.slug}.localhost"},
    )

    def answer_of(operation, *ids, body=None, **parameters):
        module = importlib.import_module(f"{generated}.api.{operation}")
        if body is not None:
            kind = module.sync.__annotations__["body"]
            parameters["body"] = (get_args(kind) or [kind])[0].from_dict(body)
        answer = module.sync(*ids, client=client, **parameters)
        assert answer is not None, f"{operation} answered with a code it does not describe"
        return answer

    return answer_of


@pytest.fixture
def run(call):
    """The door signs of the tour, in progress: ``(run, black spool, orange spool)``."""
    import_filaments(read_catalogue(json.loads(CATALOGUE.read_text())), by=None)
    black, orange = (
        call("filaments.filaments_list", search=colour).results[0].id
        for colour in ("graphite", "signal")
    )
    spools = [
        call("spools.spools_create", body={"filament": filament, "price": price})
        for filament, price in ((black, "24.99"), (orange, "26.50"))
    ]
    sign = {"sku": "SIGN-2", "name": "Door sign, two colours", "units_per_plate": 2}
    sign |= {"plate_minutes": "230", "plate_purge_grams": "11.5"}
    product = call("products.products_create", body=sign).id
    for filament, grams in ((black, "36"), (orange, "8.5")):
        needs = {"material_type_code": "PLA", "filament": filament, "grams_per_unit": grams}
        assert call("products.products_bom_lines_create", product, body=needs).id

    items = [{"product_sku": "SIGN-2", "quantity": 4}]
    run = call("production_runs.production_runs_create", body={"items": items})
    assert [line.planned_grams for line in run.materials] == ["144.000000", "34.000000"]

    loaded = zip(run.materials, spools, strict=True)
    body = {"spools": [{"material": line.id, "spool": spool.id} for line, spool in loaded]}
    started = call("production_runs.production_runs_start", run.id, body=body)
    assert started.status == "in_progress"
    return run, *spools


@deep
def test_the_tour_goes_through_a_generated_client(call, run):
    assert call("me.me").role == "manager"
    run, black_spool, orange_spool = run
    assert call("spools.spools_retrieve", black_spool.id).remaining_grams == "1000.000000"
    stringing = {"scrapped_count": 1, "scrap_reason_code": "stringing"}
    actuals = {
        "actual_minutes": "471",
        "materials": [
            {"spool": black_spool.id, "gross_after_grams": "1039.6"},
            {"spool": orange_spool.id, "actual_grams": "35.2"},
        ],
        "items": [{"product_sku": "SIGN-2", "good_count": 3, **stringing}],
    }
    complete = "production_runs.production_runs_complete"
    tried = call(complete, run.id, body={"dry_run": True, **actuals})
    assert [entry.grams for entry in tried.entries] == ["-172.400000", "-35.200000"]
    assert call("production_runs.production_runs_retrieve", run.id).status == "in_progress"

    done = [call(complete, run.id, body=actuals, idempotency_key="tour") for _ in range(2)]
    assert [answer.status for answer in done] == ["completed", "completed"]
    refused = call(complete, run.id, body=actuals)
    assert (refused.status, refused.code) == (409, "invalid_run_status")

    variance = call("production_runs.production_runs_variance", run.id)
    assert variance.grams.total.difference == "6.600000"
    assert variance.items[0].cost_per_unit.actual == "1.7470"

    taken = call("spools.spools_transactions_list", black_spool.id).results
    assert [Decimal(entry.grams) for entry in taken] == [Decimal(1000), Decimal("-172.4")]

    reverted = call("production_runs.production_runs_revert", run.id, body={"reason": "A tour"})
    assert (reverted.status, reverted.number) == ("in_progress", run.number)
    assert call("spools.spools_retrieve", orange_spool.id).remaining_grams == "1000.000000"
    assert violations() == []
