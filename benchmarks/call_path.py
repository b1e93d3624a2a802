"""The way of one completion through the code: python -m benchmarks.call_path [REVISION ...]

Completes a run over HTTP, in process and through every middleware, and counts by `sys.setprofile`
in the project's own files. A caller is the nearest frame of the project on the stack.

- calls       function entries; a generator counts once
- crossings   calls whose caller is in another file
- climbs      calls from a lower package or layer to a higher one; counted apart where a library
              makes the call, as Django calls middleware and views
"""

import inspect
import io
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.test import Client

PACKAGES = ("config", "production", "inventory", "tenants")
LAYERS = ("urls", "api views admin", "serializers filters forms", "paper", "services", "models")
LAYER_OF = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}
FILAMENTS, NET = ("Black", "Orange"), {"net_grams": "1000"}
BED = {"bed_x_mm": "250", "bed_y_mm": "250", "bed_z_mm": "250"}


class Recorder:
    """Counts the calls between files of the project at `root`; for `sys.setprofile`."""

    def __init__(self, root):
        self.root = f"{root}{os.sep}"
        self.prefixes = tuple(f"{self.root}{package}{os.sep}" for package in PACKAGES)
        self.calls, self.generators = 0, set()
        self.entered, self.climbs, self.callbacks = Counter(), Counter(), Counter()

    def __call__(self, frame, event, _argument):
        path = self._path(frame)
        if event != "call" or not path or frame in self.generators:
            return
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            self.generators.add(frame)
        caller = frame.f_back
        while caller and not self._path(caller):
            caller = caller.f_back
        self._count(caller and self._path(caller), path, is_direct=caller is frame.f_back)

    def _path(self, frame):
        name = frame.f_code.co_filename
        return name.removeprefix(self.root) if name.startswith(self.prefixes) else None

    def _count(self, source, path, *, is_direct):
        self.calls += 1
        self.entered[path] += source != path
        if source and is_climb(source, path):
            (self.climbs if is_direct else self.callbacks)[source, path] += 1


def is_climb(source, path):
    """Whether `path` lies above `source`: in a higher package, or a higher layer of the same."""
    here, there = (PACKAGES.index(each.split(os.sep)[0]) for each in (source, path))
    if here != there:
        return there < here
    here, there = _layer(source), _layer(path)
    return None not in (here, there) and there < here


def _layer(path):
    parts = Path(path).with_suffix("").parts[1:]
    return next((LAYER_OF[part] for part in parts if part in LAYER_OF), None)


def main(revisions):
    if not revisions:
        run()
    for revision in revisions:
        from benchmarks.size import checkout  # noqa: PLC0415 - which old revisions don't have

        with checkout(revision) as root:
            environment = os.environ | {"PYTHONPATH": str(root), "SPOOLBOOK_DATA": ".data"}
            print(f"\n{revision}", flush=True)
            subprocess.run([sys.executable, __file__], cwd=root, env=environment, check=True)


def run():
    """Measure the project that is on the path, and print the figures."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SPOOLBOOK_DATA", ".data/bench")
    os.environ |= {"SPOOLBOOK_LOG_LEVEL": "ERROR", "SPOOLBOOK_DURABLE": "0"}
    django.setup()
    from config import settings  # noqa: PLC0415 - as the environment is set first

    recorder = Recorder(settings.BASE_DIR)
    with farm() as client:
        complete(client)  # what is done once in a process is not counted
        complete(client, recorder)
    report(recorder)


def report(recorder):
    path, most = recorder.entered.most_common(1)[0]
    print(f"files entered        {len(recorder.entered):>6,}")
    print(f"calls                {recorder.calls:>6,}")
    print(f"crossings            {recorder.entered.total():>6,}")
    print(f"climbs               {recorder.climbs.total():>6,}")
    print(f"climbs by libraries  {recorder.callbacks.total():>6,}")
    print(f"most entered file    {most:>6,}  {path}\n\nClimbs:")
    for (source, path), count in recorder.climbs.most_common():
        print(f"  {count:>4}  {source} -> {path}")
    print("\nCrossings into each file, in the order of the first:")
    for path, count in recorder.entered.items():
        print(f"  {count:>4}  {path}")


@contextmanager
def farm():
    """A client of the API at a farm with a product and two filaments, dropped afterwards."""
    slug, secret, ignored = f"call-path-{os.getpid()}", io.StringIO(), io.StringIO()
    call_command("prepare", stdout=ignored)
    call_command("add_farm", slug, password="counted-call-by-call", stdout=ignored)
    try:
        call_command("create_token", slug, "manager", "call path", stdout=secret)
        token = f"Token {secret.getvalue().strip()}"
        client = Client(HTTP_HOST=f"{slug}.localhost", HTTP_AUTHORIZATION=token)
        post(client, "material-types/", {"code": "TEST", "name": "T", "density_g_cm3": "1.24"})
        post(client, "products/", {"sku": "SIGN", "name": "Sign"})
        for name in FILAMENTS:
            post(client, "filaments/", {"name": name, "material_type_code": "TEST"} | NET)
        yield client
    finally:
        call_command("drop_farm", slug, yes=True, at_once=True, stdout=ignored)


def complete(client, recorder=None):
    """Start a run with a printer and spools of its own, and record how it is completed."""
    printer = {"name": f"Printer {time.monotonic_ns()}", **BED}
    post(client, "printers/", printer)
    spools = [post(client, "spools/", {"filament_name": name}) for name in FILAMENTS]
    lines = [{"spool_code": spool["code"]} for spool in spools]
    run = {"printer_name": printer["name"], "items": [{"product_sku": "SIGN", "quantity": 2}]}
    run["materials"] = [line | {"planned_grams": "40"} for line in lines]
    path = f"production-runs/{post(client, 'production-runs/', run)['id']}/"
    post(client, f"{path}start/", {})
    outcome = {"actual_minutes": "120", "items": [{"product_sku": "SIGN", "good_count": 2}]}
    outcome["materials"] = [line | {"actual_grams": "41.5"} for line in lines]
    sys.setprofile(recorder)
    try:
        post(client, f"{path}complete/", outcome)
    finally:
        sys.setprofile(None)


def post(client, path, body):
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json")
    if answer.status_code >= 300:
        raise SystemExit(f"{path}: {answer.status_code} {answer.content.decode()}")
    return answer.json()


if __name__ == "__main__":
    main(sys.argv[1:])
