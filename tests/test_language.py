"""Plain names in the code, and sentences that can be translated."""

import ast
import re
import subprocess
import tokenize
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ["config", "tenants", "inventory", "production", "benchmarks"]
# Words of an earlier dialect; the glossary and Django have others for what they meant.
DIALECT = re.compile(
    "said|told|tells?|telling|shown|kept|asked|asking|walls?|walled|door|house|face|"
    "rehearsals?|rehearsed|nowhere"
)
# Whole texts that pages had, and what they have: one word for one thing on all of them.
REPLACED = {
    "Leave it": "Cancel",
    "nobody knows": "Not set",
    "Id elsewhere": "External ID",
    "Hardly believable, %": "Warn when actual differs by",
    "Price of all together": "Total price",
    "Complete with what it really was": "Enter actuals",
    "Go on from the new spool": "Continue on this spool",
    "Not 0, please.": "Must not be 0.",
    "Claimed": "Reserved",
    "Running": "In progress",
}
OF_LIBRARIES = {"face"}  # reportlab's name for a font's shapes
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Two words in a row: a sentence or a part of one, for people.
SENTENCE = re.compile(r"[A-Za-z’']{2,},? [a-z]{2,}")
STATEMENT = re.compile(
    r"\b(SELECT|FROM|WHERE|ALTER|GRANT|REVOKE|CREATE|DROP|SET|INSERT|UPDATE|TRUNCATE|JOIN|LOCK)\b"
)
# Printed on a terminal, before there is a farm or a language; and what developers read.
FOR_A_TERMINAL = re.compile(
    r"^(config/(?!api/)|benchmarks/|production/demo/|tenants/schemas/prepare.py|"
    r".*/management/|.*/migrations/)"
)


def python_files(*folders):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in names.splitlines() if name.endswith(".py") and (ROOT / name).exists()]


def dialect_in(name):
    words = {word.lower() for word in WORD.findall(name)}
    return {word for word in words if DIALECT.fullmatch(word)}


def test_no_file_has_a_name_of_the_dialect():
    files = python_files(*PRODUCT, "tests")
    assert not [name for name in files if dialect_in(Path(name).stem)]


def test_no_identifier_is_of_the_dialect():
    found = defaultdict(set)
    for name in python_files(*PRODUCT):
        with (ROOT / name).open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                is_a_name = token.type == tokenize.NAME
                if is_a_name and dialect_in(token.string) - OF_LIBRARIES:
                    found[name].add(token.string)
    assert not found, dict(found)


def test_no_name_in_a_template_is_of_the_dialect():
    """Variables, filters and tags; not texts, which are in quotes or outside of tags."""
    found = {}
    for path in (ROOT / "templates").rglob("*.*"):
        tags = re.findall(r"{[{%].*?[%}]}", path.read_text())
        names = {name for tag in tags for name in re.findall(r"\w+", re.sub(r"\".*?\"", "", tag))}
        if words := {name for name in names if dialect_in(name)}:
            found[path.name] = words
    assert not found


def test_pages_have_one_word_for_one_thing():
    pages = [*(ROOT / "templates").rglob("*.html"), *map(ROOT.joinpath, python_files(*PRODUCT[:4]))]
    former = re.compile(f"[\"'>}}]({'|'.join(map(re.escape, REPLACED))})[\"'<{{]")
    found = {page.name: former.findall(page.read_text()) for page in pages}
    assert {
        name: [(text, REPLACED[text]) for text in texts] for name, texts in found.items() if texts
    } == {}


@pytest.mark.parametrize("folder", PRODUCT[:4])
def test_a_sentence_for_people_is_one_template(folder):
    """``_("Run %(number)s is over.") % {...}``: translators can't do anything with an f-string,
    nor with a sentence in pieces."""
    found = [
        f"{name}:{node.lineno}"
        for name in python_files(folder)
        if not FOR_A_TERMINAL.match(name)
        for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.JoinedStr) and is_sentence(node)
    ]
    assert not found


def is_sentence(joined):
    parts = (part.value if isinstance(part, ast.Constant) else "0" for part in joined.values)
    text = "".join(parts)
    return bool(SENTENCE.search(text)) and not STATEMENT.search(text)
