"""The README tells the truth: its tour works as it is printed, its tables are complete."""

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import get_commands
from django_tenants.utils import tenant_context

from inventory.models import InventoryTransaction, Spool
from production.models import ProductionRun
from tenants.farms import services
from tenants.models import Tenant
from tests.conftest import go_out
from tests.looking import violations
from tests.serving import served_environment

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
TOUR = README.partition("## The five-minute tour\n")[2].partition("\n### ")[0]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FARM = "readme"
END_OF_BLOCK = "-- end of block --"
# What is another at each time: spool codes, passwords, the day in a number, the farm's name.
VARYING = {
    r"\bcode +[0-9A-Z]{9}\b": "code CODE",
    r"password \S+": "password SECRET",
    r"\b[A-Z]{4}-\d{8}-\d{3,}\b": "NUMBER",
    rf"\b({FARM}|tour)\b": "FARM",
}
OURS_ALONE = {"SPOOLBOOK_SUPERVISOR"}  # from one of our processes to another


@pytest.fixture(scope="module")
def tour(server, django_db_blocker):
    """What each block of the tour printed, beside what the README says it does."""
    blocks = BLOCK.findall(TOUR)
    script = [text for kind, text in blocks if kind == "sh"]
    try:
        printed = run_tour(script, server)
        yield list(zip(said_after_each(blocks), printed, strict=True))
    finally:
        with django_db_blocker.unblock():
            for farm in Tenant.objects.filter(slug=FARM):
                services.drop_farm(farm, by=None, wait_seconds=0)
            go_out()


def run_tour(script, server):
    """Run the blocks in one shell, as somebody would paste them; returns what each printed."""
    told = f"\necho '{END_OF_BLOCK}'\n"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", told.join([*script, ""])],
        cwd=ROOT,
        env={
            **served_environment(),
            "PORT": str(urlsplit(server.url).port),
            "FARM": FARM,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{END_OF_BLOCK}\n")[:-1]


def said_after_each(blocks):
    """The text that follows each shell block; nothing where none does."""
    followers = [*blocks[1:], ("sh", "")]
    pairs = zip(blocks, followers, strict=True)
    return [next_[1] if next_[0] == "text" else "" for (kind, _), next_ in pairs if kind == "sh"]


def format_number(line):
    for pattern, word in VARYING.items():
        line = re.sub(pattern, word, line)
    return " ".join(line.split())


def agrees(said, printed):
    """Whether a printed line is what the README says; ``...`` leaves its end open."""
    said, printed = format_number(said), format_number(printed)
    return printed.startswith(said[:-3]) if said.endswith("...") else printed == said


def test_every_block_of_the_tour_prints_what_the_readme_says(tour):
    for said, printed in tour:
        lines = printed.splitlines()
        assert len(said.splitlines()) == len(lines), printed
        for expected, line in zip(said.splitlines(), lines, strict=True):
            assert agrees(expected, line), f"{line!r} is not {expected!r}"


def test_after_the_tour_the_spools_are_full_again_and_the_run_is_open(tour, django_db_blocker):
    with django_db_blocker.unblock(), tenant_context(Tenant.objects.get(slug=FARM)):
        run = ProductionRun.objects.get()
        assert (run.status, run.reopened_at is None) == ("in_progress", False)
        assert {spool.remaining_grams for spool in Spool.objects.all()} == {1000}
        taken = InventoryTransaction.objects.of_run(run).values_list("kind", "grams")
        assert sorted(taken) == [
            ("reversal", Decimal("35.2")),
            ("reversal", Decimal("172.4")),
            ("usage", Decimal("-172.4")),
            ("usage", Decimal("-35.2")),
        ]
        assert violations() == []


def test_every_variable_of_the_environment_is_in_the_readme():
    table = README.partition("### Environment\n")[2].partition("\n### ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    described = set(re.findall(r"`(\w+)`", "".join(rows)))
    assert described == variables_read() - OURS_ALONE


def variables_read():
    found = set()
    for path in (ROOT / "config").rglob("*.py"):
        text = path.read_text()
        found |= set(re.findall(r"env_\w+\(\s*\"([A-Z_]+)\"", text))
        found |= set(re.findall(r"environ\.get\(\"((?:SPOOLBOOK|WEB|DATABASE)_[A-Z_]+)\"", text))
    return found


def test_every_command_is_in_the_readme():
    apps = {"tenants", "tenants.accounts", "inventory", "production"}
    ours = {name for name, app in get_commands().items() if app in apps}
    table = README.partition("### Commands\n")[2].partition("\n## ")[0]
    assert ours == set(re.findall(r"^\| `([a-z_]+)", table, re.MULTILINE))


@pytest.mark.parametrize("place", sorted(set(re.findall(r"\]\(((?!https?:)[^)#]+)", README))))
def test_what_the_readme_links_to_is_there(place):
    assert (ROOT / place).exists()


def test_what_the_page_for_operators_names_is_there():
    page = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"manage\.py ([a-z_]+)", page)) <= set(get_commands())
    assert set(re.findall(r"SPOOLBOOK_[A-Z_]+", page)) <= variables_read()
    for place in re.findall(r"\]\(((?!https?:)[^)#]+)", page):
        assert (ROOT / "docs" / place).exists(), place


def test_the_map_of_the_code_names_what_is_there():
    folder = ROOT
    for line in README.partition("## A map of the code")[2].split("```")[1].splitlines()[1:]:
        names = [name for name in line.split()[:2] if name.endswith(("/", ".py"))]
        if line.startswith(" "):
            assert all((folder / name).exists() for name in names), line
        else:
            folder = ROOT / names[0]
            assert all((ROOT / name).is_dir() for name in names), line
