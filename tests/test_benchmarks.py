"""The benchmarks that count rather than measure, and the farm that the others measure on."""

import sys

import pytest
from django_tenants.utils import tenant_context

from benchmarks import call_path, farm, lists, size
from production.services import invariants


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("inventory/models/spools.py", "production/models/runs.py", True),
        ("production/services/moves.py", "inventory/services/ledger.py", False),
        ("production/services/moves.py", "production/api/verbs.py", True),
        ("production/api/verbs.py", "production/services/moves.py", False),
        ("tenants/accounts/models/people.py", "tenants/api/views.py", True),
        ("tenants/hosts.py", "tenants/api/views.py", False),  # of no layer
    ],
)
def test_a_climb_goes_to_a_higher_package_or_layer(source, path, expected):
    assert call_path.is_climb(source, path) is expected


def test_calls_are_counted_by_the_nearest_file_of_the_project(tmp_path):
    modules = {"tenants": "def low(): return 1", "production": "import functools"}
    modules["production"] += (
        "\ndef high(low):\n    return functools.reduce(lambda *_: low(), [1, 2])"
    )
    names = {}
    for package, text in modules.items():
        code = compile(text, f"{tmp_path}/{package}/m.py", "exec")
        exec(code, names)
    recorder = call_path.Recorder(tmp_path)
    sys.setprofile(recorder)
    names["high"](names["low"])
    sys.setprofile(None)
    assert recorder.calls == 3
    assert recorder.entered == {"production/m.py": 1, "tenants/m.py": 1}
    assert not recorder.climbs


def test_lines_and_statements_are_counted(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "a.py").write_text("import os\n\n\n@str\ndef f():\n    return os\n")
    assert size.measure(tmp_path, ["config"]) == (3, [6], [3])


@pytest.mark.usefixtures("db")
def test_the_farm_to_measure_on_has_all_columns_and_holds_what_must(settings):
    settings.FARM_SEEDERS = settings.FARM_SEEDERS[1:]  # the ids of that farm begin with 1
    made = farm.create_farm("years", farm.SAMPLE, {"runs": 300, "spools": 40})
    with tenant_context(made):
        assert list(invariants.violations()) == []
        assert lists.minimal() == lists.through_the_api()
