"""Lines and statements of the product's Python: python -m benchmarks.size [REVISION ...]

Of the working tree without a revision. A statement is an ``ast.stmt``; files and functions are
measured in lines, with their docstrings and decorators: median, 90th percentile, longest.
"""

import ast
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("manage.py", "config", "tenants", "inventory", "production", "benchmarks")


def main(revisions):
    for revision in revisions or [None]:
        with checkout(revision) as root:
            rows = {part: measure(root, [part]) for part in PARTS}
            rows["total"] = measure(root, PARTS)
        print(f"\n{revision or 'working tree':<14} files   lines  statements       file   function")
        for name, (statements, files, functions) in rows.items():
            print(
                f"  {name:<12}{len(files):>6,}{sum(files):>8,}{statements:>12,}"
                f"{_spread(files):>11}{_spread(functions):>11}"
            )


@contextmanager
def checkout(revision):
    """The folder of the working tree, or for a while one with the files of a revision."""
    if revision is None:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as folder:
        command = ["git", "archive", revision]
        archive = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def measure(root, parts):
    """The number of statements, and the lengths of all files and of all functions."""
    statements, files, functions = 0, [], []
    for part in parts:
        for path in [root / part] if part.endswith(".py") else (root / part).rglob("*.py"):
            text = path.read_text()
            files.append(len(text.splitlines()))
            for node in ast.walk(ast.parse(text)):
                statements += isinstance(node, ast.stmt)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    first = min(each.lineno for each in (node, *node.decorator_list))
                    functions.append(node.end_lineno - first + 1)
    return statements, files, functions


def _spread(lengths):
    ordered = sorted(lengths)
    return "/".join(str(ordered[int(share * (len(ordered) - 1))]) for share in (0.5, 0.9, 1))


if __name__ == "__main__":
    main(sys.argv[1:])
