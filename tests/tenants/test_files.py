"""Files of a request: read where its body lies, with their names and hashes."""

import hashlib
from io import BytesIO
from tempfile import SpooledTemporaryFile
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from tenants.operations.refusals import Invalid
from tenants.web import bodies, file_forms, files, incoming_files
from tenants.web.limits import BodyAwaited
from tenants.web.middleware import RefusingMiddleware
from tenants.web.requests import Request

PATH = "/api/v1/sliced-files/"
NAMED = {"HTTP_CONTENT_DISPOSITION": 'attachment; filename="part.gcode"'}
FORM = "multipart/form-data; boundary=b"


def read(body, kind="application/octet-stream", server=None, **meta):
    """Let a request with this body through the middleware: ``(name, content, hash)`` of its files,
    and its fields. ``server`` is the file in which the web server has stored the body."""
    made = RequestFactory().generic("POST", PATH, body, kind, headers={"Cookie": "a=b"}, **meta)
    if server:
        made.environ["wsgi.input"] = server
    request, found = Request(made.environ), []

    def view(request):
        brought = files.of_request(request)
        found.extend((each.name, each.read(), each.sha256) for each in brought)
        assert [each.size for each in brought] == [len(content) for _, content, _ in found]
        return HttpResponse()

    RefusingMiddleware(view)(request)
    return found, request.POST


def part(content, name="file", filename=None, more=""):
    given = f'; filename="{filename}"' if filename is not None else ""
    head = f'Content-Disposition: form-data; name="{name}"{given}\r\n{more}\r\n'
    return b"--b\r\n" + head.encode() + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--b--\r\n"


def of(name, content):
    return name, content, hashlib.sha256(content).hexdigest()


def test_a_body_is_one_file():
    assert read(b"G1 X1\n" * 1000, **NAMED)[0] == [of("part.gcode", b"G1 X1\n" * 1000)]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=part.gcode", "part.gcode"),
        ('attachment; filename="a \\"b\\".gcode"', 'a "b".gcode'),
        ("attachment; filename*=UTF-8''n%C3%B6tig.gcode", "nötig.gcode"),
        ("attachment; filename=plain.gcode; filename*=utf-8'de'%e2%82%ac.gcode", "€.gcode"),
        ("attachment; filename*=utf-8''%e2%82%ac.gcode; filename=plain.gcode", "€.gcode"),
        ("attachment; filename*=ISO-8859-1''%E9.gcode", "é.gcode"),
        ("attachment; filename*=nope''%E9.gcode; filename=x.gcode", None),
        ("form-data; name=file; filename=x.gcode", "x.gcode"),
        ('attachment; filename="../../etc/x.gcode"', "x.gcode"),
        ('attachment; filename="C:\\\\parts\\\\x.gcode"', "x.gcode"),
        ("attachment; filename=\"n\xc3\xb6tig\x07.gcode\"", "nötig.gcode"),
        ("attachment; filename=" + "x" * 300, "x" * 255),
        ("attachment; filename=..", None),
        ('attachment; filename=" "', None),
        ("attachment", None),
        ("filename=x", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_name_is_that_of_the_header(header, name):
    if name:
        assert read(b"G1", HTTP_CONTENT_DISPOSITION=header)[0] == [of(name, b"G1")]
    else:
        with pytest.raises(incoming_files.NoFile, match="name of the file is missing"):
            read(b"G1", HTTP_CONTENT_DISPOSITION=header)


def test_an_empty_body_and_a_form_without_a_file_are_refused():
    for body, kind in ((b"", "text/plain"), (form(), FORM), (form(part(b"1", "print")), FORM)):
        with pytest.raises(incoming_files.NoFile):
            read(body, kind, **NAMED)


def test_a_form_has_files_and_fields():
    body = form(
        part(b"true", "print"),
        part(b"G1\r\n--c\r\n", filename="a.gcode", more="Content-Type: text/x.gcode\r\n"),
        part("ü".encode(), "path"),
        part(b"", filename=""),
        part(b"", filename="empty.gcode"),
        part(b"G2", filename="b/ö.gcode"),
    )
    found, fields = read(b"preamble\r\n" + body + b"epilogue", FORM)
    names = [of("a.gcode", b"G1\r\n--c\r\n"), of("empty.gcode", b""), of("ö.gcode", b"G2")]
    assert found == names
    assert fields.dict() == {"print": "true", "path": "ü"}


@given(st.data())
def test_a_form_is_read_alike_wherever_its_chunks_end(data):
    """Files made of the delimiter's own letters, in chunks of any size."""
    letters = st.text("\r\n-b", max_size=40).map(str.encode)
    contents = data.draw(st.lists(letters.filter(lambda text: b"\r\n--b" not in b"\r\n" + text)))
    body = form(*(part(each, filename=f"{number}") for number, each in enumerate(contents)), b"")
    scan = file_forms._Form(BytesIO(body), b"--b")
    scan._scan._buffer = bytearray(data.draw(st.integers(8, 60)))
    scan.read()
    found = [each.read() for each in scan.files.getlist("file")]
    assert found == contents


def test_a_long_file_is_read_where_the_web_server_has_stored_it():
    content = b"0123456789abcdef" * 200_000
    body = form(part(b"1", "print"), part(content, filename="a.gcode"))
    with SpooledTemporaryFile(1000) as server:
        server.write(body)
        found, fields = read(body, FORM, server)
        assert (found, fields["print"]) == ([of("a.gcode", content)], "1")
        assert not server.closed
        server.seek(0)
        server.truncate(len(body) - 100)
        with pytest.raises(bodies.IncompleteBody):
            read(body, FORM, server)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"--b", id="a delimiter alone"),
        pytest.param(part(b"x", filename="a"), id="no end"),
        pytest.param(part(b"x", filename="a")[:-8], id="half a head"),
        pytest.param(b"--b\r\n\r\nx\r\n--b--", id="no head"),
        pytest.param(form(part(b"x", "other", "a.gcode")), id="another field"),
        pytest.param(form(part(b"x", filename="..")), id="no name"),
        pytest.param(form(part(b"x", filename="a", more="A: " + "x" * 9000)), id="a long head"),
        pytest.param(form(part(b"x" * 1_100_000, "print")), id="a long field"),
        pytest.param(form(*[part(b"x", "print")] * 101), id="many fields"),
        pytest.param(form(*[part(b"x", filename="a")] * 101), id="many files"),
        pytest.param(form(*[part(b"", filename="")] * 300), id="many empty fields"),
        pytest.param(
            form(part(b"x", filename="a", more="Content-Transfer-Encoding: base64\r\n")),
            id="encoded",
        ),
        pytest.param(form(part(b"x", filename="a")).replace(b"--b\r\nC", b"--bc\r\nC"), id="other"),
        pytest.param(form(part(b"x")).replace(b"name=", b"nome="), id="no field"),
        pytest.param(
            form(part(b"x", filename="a")).replace(b"filename=", b"x*=nope''%FF; filename="),
            id="charset",
        ),
    ],
)  # fmt: skip
def test_a_form_that_can_not_be_read_is_refused_with_a_sentence(body):
    with pytest.raises(Invalid) as refused:
        read(body, FORM)
    assert refused.value.detail.endswith(".")


@pytest.mark.parametrize("boundary", ["", "b" * 71, "ä", "a\tb", '"'])
def test_a_boundary_is_one(boundary):
    with pytest.raises(file_forms.UnreadableForm, match="boundary"):
        read(form(part(b"x", filename="a")), f"multipart/form-data; boundary={boundary}")


def test_a_form_elsewhere_is_read_as_ever():
    made = RequestFactory().generic("POST", "/x/", form(part(b"1", "a")), FORM)
    assert Request(made.environ).POST.dict() == {"a": "1"}


def test_a_part_is_a_file_of_its_own():
    own = incoming_files.Part(BytesIO(b"0123456789"), 2, 5)
    assert (own.read(2), own.seek(0, 1), own.read(), own.read()) == (b"23", 2, b"456", b"")
    assert (own.seek(-2, 2), own.read(1), own.seek(1, 1), own.seek(9), own.read()) == (
        *(3, b"5", 5, 9, b""),
    )
    with pytest.raises(ValueError, match="begins at 0"):
        own.seek(-1)


def test_a_disk_without_room_is_a_sentence():
    class Full(BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    body = bodies.RequestBody(BytesIO(b"abc"), 3, Full())
    with pytest.raises(bodies.BodyNotStored):
        body.receive()


# --- Pages ---------------------------------------------------------------------------------------


class Awaited(BytesIO):
    """A body that is still to come."""

    def read(self, *size):
        raise BodyAwaited


class Page:
    permission_for_files = "production.add_slicedfile"


def answer_of_page(body, *, may_send, length=None):
    """What is answered before the page is asked; None where nothing speaks against it."""
    made = RequestFactory().generic("POST", "/floor/sliced-files/", b"-", FORM)
    made.environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length), "HTTP_COOKIE": "a=b"}
    request = Request(made.environ)
    request.user = SimpleNamespace(is_authenticated=True, has_perm=lambda name: may_send)
    view = SimpleNamespace(view_class=Page)
    answers = []

    def get_response(request):
        answers.append(middleware.process_view(request, view, (), {}))
        return answers[0] or HttpResponse()

    middleware = RefusingMiddleware(get_response)
    middleware(request)
    return answers[0]


def test_a_page_does_not_wait_for_files_of_who_may_not_send_them():
    answer = answer_of_page(Awaited(), may_send=False, length=300_000_000)
    assert answer.status_code == 403
    assert "does not include sending files" in answer.content.decode()


def test_a_page_reads_its_form_before_anything_else_does():
    sent = form(part(b"G1", filename="a.gcode"))
    assert answer_of_page(BytesIO(sent), may_send=True, length=len(sent)) is None
    broken = answer_of_page(BytesIO(sent[:-9]), may_send=True, length=len(sent) - 9)
    assert (broken.status_code, "can’t be read" in broken.content.decode()) == (400, True)
