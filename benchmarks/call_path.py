"""The calls of one completion: python -m benchmarks.call_path [REVISION ...]

Completes a run over HTTP, in process and through every middleware, and counts by `sys.setprofile`
in the project's own files. A caller is the nearest frame of the project on the stack.

- calls       function entries; a generator counts once
- crossings   calls whose caller is in another file
- climbs      calls from a lower package or layer to a higher one; separately where a library
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
        self.root, self.calls, self.generators = f"{root}{os.sep}", 0, set()
        self.prefixes = tuple(f"{self.root}{package}{os.sep}" for package in PACKAGES)
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
        source = caller and self._path(caller)
        self.calls += 1
        self.entered[path] += source != path
        if source and is_climb(source, path):
            (self.climbs if caller is frame.f_back else self.callbacks)[source, path] += 1

    def _path(self, frame):
        name = frame.f_code.co_filename
        return name.removeprefix(self.root) if name.startswith(self.prefixes) else None


def is_climb(source, path):
    """Whether `path` lies above `source`: in a higher package, or a higher layer of the same."""
    (here, low), (there, high) = map(_place, (source, path))
    return there < here or (there == here and None not in (low, high) and high < low)


def _place(path):
    package, *parts = Path(path).with_suffix("").parts
    layer = next((LAYER_OF[part] for part in parts if part in LAYER_OF), None)
    return PACKAGES.index(package), layer


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
    figures = {
        "files entered": len(recorder.entered),
        "calls": recorder.calls,
        "crossings": recorder.entered.total(),
        "climbs": recorder.climbs.total(),
        "climbs by libraries": recorder.callbacks.total(),
        f"into {path}": most,
    }
    climbs = {" -> ".join(paths): count for paths, count in recorder.climbs.most_common()}
    for title, counts in {"": figures, "Climbs:": climbs, "Crossings:": recorder.entered}.items():
        print(title)
        for name, count in counts.items():
            print(f"  {count:>6,}  {name}")


@contextmanager
def farm():
    """A client of the API at a farm with a product and two filaments, dropped afterwards."""
    slug, secret, ignored = f"call-path-{os.getpid()}", io.StringIO(), io.StringIO()
    call_command("prepare", stdout=ignored)
    call_command("add_farm", slug, password="counted-call-by-call", stdout=ignored)
    try:
        call_command("create_token", slug, "manager", "call path", "--scope=all", stdout=secret)
        token = f"Token {secret.getvalue().strip()}"
        client = Client(HTTP_HOST=f"{slug}.localhost", HTTP_AUTHORIZATION=token)
        post(client, "material-types/", {"code": "TEST", "name": "T", "density_g_cm3": "1.24"})
        post(client, "products/", {"sku": "SIGN", "name": "Sign"})
        for name in FILAMENTS:
            post(client, "filaments/", {"name": name, "material_type_code": "TEST"} | NET)
        yield client
    finally:
        call_command("drop_farm", slug, yes=True, stdout=ignored)


def complete(client, recorder=None):
    """Start a run with a printer and spools of its own, and record how it is completed."""
    printer = post(client, "printers/", {"name": f"Printer {time.monotonic_ns()}", **BED})
    spools = [post(client, "spools/", {"filament_name": name})["code"] for name in FILAMENTS]
    run = {
        "printer_name": printer["name"],
        "items": [{"product_sku": "SIGN", "quantity": 2}],
        "materials": [{"spool_code": code, "planned_grams": "40"} for code in spools],
    }
    path = f"production-runs/{post(client, 'production-runs/', run)['id']}/"
    post(client, f"{path}start/", {})
    outcome = {
        "actual_minutes": "120",
        "items": [{"product_sku": "SIGN", "good_count": 2}],
        "materials": [{"spool_code": code, "actual_grams": "41.5"} for code in spools],
    }
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
