"""The documentation is true: the tour runs as printed, tables are complete, links work."""

import ast
import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import get_commands
from django_tenants.utils import tenant_context

from config.telemetry.export import DEFAULTS as TELEMETRY_DEFAULTS
from inventory.models import InventoryTransaction, Spool
from production.demo import SIGN_INS
from production.models import ProductionRun
from tenants.models import Tenant
from tests.doc_blocks import ROOT, assert_as_printed, page_run
from tests.queries import violations

FARM = "readme"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
PAGES += sorted((ROOT / "docs" / "decisions").glob("*.md"))
READERS = {
    "env_str": "text",
    "env_int": "integer",
    "env_bool": "boolean",
    "env_list": "list",
    "env_hosts": "hosts",
    "env_networks": "networks",
    "env_origins": "origins",
}
INTERNAL = {"SPOOLBOOK_SUPERVISOR"}  # from one of our processes to another


def text_of(page):
    return (ROOT / page).read_text()


# --- The tour ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tour(server, django_db_blocker):
    blocker = {"django_db_blocker": django_db_blocker}
    with page_run("docs/tour.md", farm=FARM, server=server, **blocker) as outputs:
        yield list(outputs)


def test_every_block_of_the_tour_prints_what_the_page_says(tour):
    assert_as_printed(tour)


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


# --- README ------------------------------------------------------------------------------------


def test_the_readme_is_short():
    assert len(text_of("README.md").splitlines()) <= 150


def test_the_readme_has_the_sign_ins_of_the_demo_farm():
    rows = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| ([^|]+?) \|", text_of("README.md"), re.M)
    assert set(rows) == {(name, password, person) for name, person, password in SIGN_INS}


def test_the_links_of_all_pages_lead_somewhere():
    assert [link for page in PAGES for link in broken_links(page)] == []


def broken_links(page):
    for link in re.findall(r"(?:\]\(|src=\")((?!https?:)[^)\"]+)", page.read_text()):
        place, _, anchor = link.partition("#")
        target = page.parent / place if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{page.name}: {link}"


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


# --- Configuration and commands ----------------------------------------------------------------


def test_the_configuration_page_has_every_variable_with_its_type_and_default():
    rows = described_variables()
    read = variables_read()
    assert rows.keys() == read.keys() - INTERNAL
    for name, (kind, default) in rows.items():
        expected_kind, expected_default = read[name]
        assert kind == expected_kind, name
        if expected_default is not None:  # else it depends on others, or is none
            assert default.startswith(f"`{expected_default}`"), name


def described_variables():
    """``{name: (type, default)}`` of the page's tables."""
    rows = {}
    for line in text_of("docs/configuration.md").splitlines():
        if line.startswith("| `"):
            names, kind, default, _ = (cell.strip() for cell in line.strip("|").split("|"))
            rows |= dict.fromkeys(re.findall(r"`(\w+)`", names), (kind, default))
    return rows


def variables_read():
    """``{name: (type, default)}`` of what the code reads; a default that is no literal is None."""
    read = {name: ("text", default) for name, default in TELEMETRY_DEFAULTS.items()}
    for path in (ROOT / "config").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and (found := variable_of(call)):
                name, *what = found
                if name not in read or what[1] is not None:
                    read[name] = tuple(what)
    return {**read, "WEB_CONCURRENCY": ("integer", "2")}  # int(... or 2), in gunicorn.conf.py


def variable_of(call):
    """Name, type and default of a call that reads the environment; None for another call."""
    function = ast.unparse(call.func)
    kind = READERS.get(function, "text" if function == "os.environ.get" else None)
    if kind is None or not call.args or not isinstance(call.args[0], ast.Constant):
        return None
    given = [*call.args[1:], *(each.value for each in call.keywords if each.arg == "default")]
    literal = given and isinstance(given[0], ast.Constant)
    name, default = call.args[0].value, str(given[0].value) if literal else None
    if not re.match("(SPOOLBOOK|OTEL|DATABASE|WEB|SECRET)_", name):
        return None
    return name, kind, {"True": "1", "False": "0", "": None}.get(default, default)


def test_every_command_is_in_the_page_for_operators():
    apps = {"tenants", "tenants.accounts", "inventory", "production"}
    ours = {name for name, app in get_commands().items() if app in apps}
    table = text_of("docs/operations.md").partition("## Commands\n")[2].partition("\n## ")[0]
    assert ours == set(re.findall(r"^\| `([a-z_]+)", table, re.M))


def test_the_commands_and_variables_that_the_pages_name_are_there():
    text = "".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= get_commands().keys()
    assert set(re.findall(r"SPOOLBOOK_[A-Z_]+", text)) <= variables_read().keys()


# --- The map of the code -----------------------------------------------------------------------


def test_the_architecture_names_every_package_and_only_paths_that_are_there():
    text = text_of("docs/architecture.md")
    apps = "config|production|inventory|tenants"
    named = set(re.findall(rf"`((?:{apps}|tests|docs|templates|static|benchmarks)/[\w/.]*)`", text))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    packages = {
        f"{path.parent.relative_to(ROOT)}/"
        for app in apps.split("|")
        for path in (ROOT / app).glob("**/__init__.py")
    }
    assert {path for path in packages - named if not is_left_out(path)} == set()


def is_left_out(package):
    """Packages that Django prescribes, and parts of a package that is in the map."""
    parts = Path(package).parts
    prescribed = {"migrations", "management", "templatetags"} & {*parts}
    most = 3 if parts[1:2] in [("services",), ("database",)] else 2
    return bool(prescribed) or len(parts) == 1 or len(parts) > most


def test_the_picture_of_the_packages_names_what_is_there():
    picture = ElementTree.parse(ROOT / "docs" / "images" / "architecture.svg")
    titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")][1:]
    assert titles
    assert {path for path in titles if not (ROOT / path).exists()} == set()
