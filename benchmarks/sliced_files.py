"""A sliced file of 300 MB: python -m benchmarks sliced_files [--megabytes 300] [--rounds 7]

Sent to the API as a body, and in a form:

- The CPU time of the thread that serves it, once the web server has received it, beside that of
  reading the file once and hashing it alone. The two take turns; medians of the differences.
  Without a picture, and with one of 640 × 480 px.
- Sent over HTTP to one process: its CPU time, and its memory at most, beside that before.
"""

import argparse
import hashlib
import io
import secrets
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import SimpleNamespace

from django.conf import settings
from django.db import connection
from django_tenants.utils import tenant_context
from PIL import Image, ImageDraw, ImageOps

from benchmarks.http_client import connect, head
from production.models import Picture, SlicedFile
from tenants.accounts.models import User
from tenants.farms import services
from tenants.schemas import prepare
from tests.factories import make_token
from tests.production.slicing.samples import PRUSA, thumbnail
from tests.serving import database_logins, serving
from tests.timing import cpu_of

PATH = "/api/v1/sliced-files/"
MIB = 1_048_576
NAMED = 'attachment; filename="Hook.gcode"'
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"  # as browsers make them
FIELD = 'Content-Disposition: form-data; name="file"; filename="Hook.gcode"'
SIZE = (640, 480)  # of the largest picture that slicers make
BEFORE, AFTER = f"--{BOUNDARY}\r\n{FIELD}\r\n\r\n".encode(), f"\r\n--{BOUNDARY}--\r\n".encode()
KINDS = {  # of a body: its type, and what stands before and after the file
    "body": ("application/octet-stream", b"", b""),
    "form": (f"multipart/form-data; boundary={BOUNDARY}", BEFORE, AFTER),
}


def main(arguments=()):
    parser = argparse.ArgumentParser(prog="benchmarks sliced_files", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, a_farm() as farm:
        folder = Path(folder)
        for kind in KINDS:
            for text in (without_pictures(), with_picture()):
                write(folder / kind, kind, options.megabytes * 1_000_000, text)
                what = f"{kind} {'with' if 'thumbnail' in text else 'without'} picture"
                in_thread(what, kind, folder / kind, farm, options.rounds)
        for kind in KINDS:
            forget(farm)
            over_http(kind, folder / kind, farm)


def without_pictures():
    """What a slicer writes at both ends."""
    return PRUSA.replace(thumbnail(), "").replace(thumbnail(300, 200), "")


def with_picture():
    """The same with a picture: a body with lights and edges, on nothing, as slicers draw it."""
    light, shape, file = Image.radial_gradient("L").resize(SIZE), Image.new("L", SIZE), io.BytesIO()
    draw, shade = ImageDraw.Draw(shape), ImageDraw.Draw(light)
    draw.ellipse((60, 20, 580, 460), 255)
    draw.ellipse((250, 170, 390, 310), 0)
    for number in range(0, 200, 5):
        box = (60 + number, 20 + number, 580 - number, 460 - number)
        shade.arc(box, 90 + number, 270 - number, 100 + number // 2, 2)
    picture = ImageOps.colorize(light, "orange", "black")
    picture.putalpha(shape)
    picture.save(file, "PNG")
    return without_pictures().replace("\n\n", f"\n\n{thumbnail(*SIZE, file.getvalue())}", 1)


def write(path, kind, size, text):
    """A body with a file of so many bytes: what a slicer writes, and moves in between."""
    _type, before, after = KINDS[kind]
    first, _, last = text.partition("G28\n")
    moves = "".join(f"G1 X{n % 250}.{n % 997:03} Y{n * 7 % 250} E0.{n:05}\n" for n in range(40_000))
    moves = moves.encode()
    first, last = f"{first}G28\n".encode(), last.encode()
    count, rest = divmod(size - len(first) - len(last), len(moves))
    with path.open("wb") as file:
        file.write(before + first)
        for _ in range(count):
            file.write(moves)
        file.write(moves[:rest] + last + after)


# --- In the thread of the request ----------------------------------------------------------------


def in_thread(what, kind, path, farm, rounds):
    from config.wsgi import application  # noqa: PLC0415 - which loads all views

    with path.open("rb") as source, SpooledTemporaryFile(MIB) as file:
        while chunk := source.read(MIB):
            file.write(chunk)
        figures = []
        for _ in range(rounds + 1):  # the first opens a connection, and loads what it needs
            hashing = timed(hash_alone, file)
            serving_it = timed(ask, application, environment(kind, path, farm, file))
            forget(farm)
            figures.append((serving_it, hashing, serving_it - hashing))
    served, hashed, beside = (statistics.median(each) for each in zip(*figures[1:], strict=True))
    print(
        f"{what:<20} {path.stat().st_size / 1e6:.0f} MB  served {served * 1000:.0f} ms of CPU, "
        f"hashed alone {hashed * 1000:.0f} ms; beside it {beside * 1000:.0f} ms"
    )


def forget(farm):
    """What was received would not be read again."""
    with tenant_context(farm.tenant):
        SlicedFile.objects.all().delete()
        Picture.objects.all().delete()


def timed(call, *arguments):
    started = time.thread_time()
    call(*arguments)
    return time.thread_time() - started


def hash_alone(file):
    file.seek(0)
    digest, chunk = hashlib.sha256(), memoryview(bytearray(MIB))
    while count := file.readinto(chunk):
        digest.update(chunk[:count])


def environment(kind, path, farm, file):
    """What the web server gives the application, once the body is there."""
    file.seek(0)
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": farm.host,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": farm.host,
        "HTTP_AUTHORIZATION": f"Token {farm.token}",
        "HTTP_CONTENT_DISPOSITION": NAMED,
        "CONTENT_TYPE": KINDS[kind][0],
        "CONTENT_LENGTH": str(path.stat().st_size),
        "wsgi.input": file,
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
    }


def ask(application, environ):
    statuses = []
    answer = application(environ, lambda status, headers, error=None: statuses.append(status))
    content = b"".join(answer)
    answer.close()
    if not statuses[0].startswith("201"):
        raise SystemExit(f"{statuses[0]}: {content[:500]}")


# --- Over HTTP -----------------------------------------------------------------------------------


def over_http(kind, path, farm):
    with tempfile.TemporaryDirectory() as folder, one_process(Path(folder)) as server:
        send(server, "form", farm, BEFORE + PRUSA.encode() + AFTER)
        [worker] = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # forget the peak
        before, cpu = memory(worker), cpu_of(worker)
        with path.open("rb") as file:
            seconds = send(server, kind, farm, file)
        more, used = memory(worker) - before, cpu_of(worker) - cpu
    print(f"{kind:<6} over HTTP  {seconds:.1f} s, {used:.2f} s of CPU, {more / MIB:.1f} MiB more")


def one_process(folder):
    return serving(folder, "--workers=1", SPOOLBOOK_LOG_LEVEL="ERROR")


def memory(pid):
    """The peak of a process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def send(server, kind, farm, body):
    """Send a file or bytes; the seconds to the end of the answer."""
    size = len(body) if isinstance(body, bytes) else Path(body.name).stat().st_size
    headers = {
        "Connection": "close",
        "Content-Length": size,
        "Content-Type": KINDS[kind][0],
        "Content-Disposition": NAMED,
    }
    started = time.perf_counter()
    with connect(server, timeout=120) as sock:
        sock.sendall(head("POST", PATH, (farm.host, farm.token), headers))
        sock.sendall(body) if isinstance(body, bytes) else sock.sendfile(body)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    if b" 201 " not in answer[:20]:
        raise SystemExit(answer[:500].decode())
    return time.perf_counter() - started


@contextmanager
def a_farm():
    connection.ensure_connection()  # which starts the embedded server
    settings.DATABASE_LOGINS = database_logins()
    prepare.prepare()
    slug = f"bench-{secrets.token_hex(4)}"
    tenant = services.add_farm(slug=slug, name=slug, password="benchmark-1")  # noqa: S106
    try:
        with tenant_context(tenant):
            token = make_token(User.objects.get())
        yield SimpleNamespace(tenant=tenant, host=f"{slug}.localhost", token=token)
    finally:
        services.drop_farm(tenant, by=None)


if __name__ == "__main__":
    raise SystemExit("Run it as: python -m benchmarks sliced_files")
