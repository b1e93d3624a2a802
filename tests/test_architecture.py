"""The rules of CONTRIBUTING.md about the source tree, checked."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from tests import deep, mutations

ROOT = Path(__file__).resolve().parent.parent
APPS = ["config", "tenants", "inventory", "production"]
SOURCES = [
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 40
FORBIDDEN_NAMES = {"utils.py", "common.py", "helpers.py", "core.py", "signals.py"}


def tool(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_code_is_clean_by_ruff():
    tool(sys.executable, "-m", "ruff", "check", ".")


def test_the_code_is_formatted_by_ruff():
    tool(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_imports_run_down():
    tool(sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()")


def test_every_change_of_a_model_has_its_migration(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_are_small(path):
    text = path.read_text()
    assert path.name not in FORBIDDEN_NAMES
    assert text.count("\n") <= MAX_FILE_LINES
    assert long_functions(text) == []


def test_a_file_of_tests_and_its_functions_are_small():
    texts = {
        str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "tests").rglob("*.py")
    }
    assert [path for path, text in texts.items() if text.count("\n") > MAX_FILE_LINES] == []
    assert {path: long for path, text in texts.items() if (long := long_functions(text))} == {}


def long_functions(text):
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [each.name for each in functions if each.end_lineno - each.lineno >= MAX_FUNCTION_LINES]


def test_every_test_with_a_large_budget_is_in_a_part_of_the_deep_tests():
    parts = [ROOT / path for paths in deep.PARTS.values() for path in paths]
    assert [path for path in parts if not path.exists()] == []
    large = re.compile(r"^from tests(\.budgets import| import.* budgets)", re.MULTILINE)
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if large.search(path.read_text())]
    left_out = [path for path in tests if not {path, *path.parents} & set(parts)]
    assert [str(path.relative_to(ROOT)) for path in left_out] == []


def test_every_fault_of_the_mutations_is_still_in_the_code():
    """A rename takes the quoted text, or the test that should notice, out of ``FAULTS``."""
    faults = mutations.FAULTS.items()
    stale = {name for name, each in faults if (ROOT / each.file).read_text().count(each.old) != 1}
    tests = {test.split("::")[0] for _name, fault in faults for test in fault.tests}
    assert (stale, {test for test in tests if not (ROOT / test).exists()}) == (set(), set())


def test_only_the_ledger_writes_entries_and_balances():
    """Its own words for writing are in no other file of the program."""
    writes = re.compile(
        r"(^|[ ])InventoryTransaction(\(|\.objects\.create)|\.remaining_grams [+-]?= "
    )
    guilty = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in SOURCES
        if path != ROOT / "inventory/services/ledger.py" and "models" not in path.parts
        for line in lines_of(path)
        if writes.search(line.strip())
    ]
    assert guilty == []


def lines_of(path):
    return path.read_text().splitlines()


def test_no_table_of_a_farm_refers_to_public_nor_the_reverse(farm):
    query = """
        SELECT conrelid::regclass::text, confrelid::regclass::text
        FROM pg_constraint
        JOIN pg_class referring ON referring.oid = conrelid
        JOIN pg_class referred ON referred.oid = confrelid
        WHERE contype = 'f' AND referring.relnamespace <> referred.relnamespace
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == []


def test_every_primary_key_of_a_farm_is_a_bigint_identity(farm):
    query = """
        SELECT c.table_name FROM information_schema.columns c
        WHERE c.table_schema = current_schema() AND c.column_name = 'id'
          AND NOT (c.data_type = 'bigint' AND c.is_identity = 'YES')
          AND c.table_name NOT IN ('accounts_farmsettings', 'production_foldeddays')
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchall() == []
