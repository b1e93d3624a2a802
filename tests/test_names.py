"""A name means one thing in the product, and so does the code of a refusal."""

import ast
import importlib
import pkgutil
from collections import Counter, defaultdict

import config.api
import inventory
import production
import tenants
from tenants.operations.refusals import Refusal
from tests.test_architecture import ROOT, SOURCES

BY_CONVENTION = {"Meta", "Command"}


def test_a_class_name_means_one_thing():
    places = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name not in BY_CONVENTION:
                places[node.name].append(str(path.relative_to(ROOT)))
    shared = {name: found for name, found in places.items() if len(found) > 1}
    assert not shared


def test_a_refusal_has_a_code_of_its_own():
    """Unless it inherits it: programs tell refusals apart by their codes."""
    for app in (tenants, inventory, production, config.api):
        for module in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    codes = Counter(each.code for each in refusals() if "code" in vars(each))
    assert not [code for code, count in codes.items() if count > 1]


def refusals(base=Refusal):
    yield base
    for each in base.__subclasses__():
        yield from refusals(each)
