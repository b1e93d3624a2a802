"""The token in an address is in no log and in no trace of the program as it is served."""

import gzip

import pytest

from inventory.models import Spool
from tenants.web.printer_addresses import TOKEN, move_token, without_tokens
from tests.config.served import raw
from tests.config.test_telemetry import ENDPOINT, collecting
from tests.factories import a_spool, make_token, make_user
from tests.serving import serving

MADE_UP = "made-up-and-secret"


@pytest.fixture(scope="module")
def watched(django_db_setup, django_db_blocker, tmp_path_factory):
    """A server that logs all it can, and sends its traces to ``got``."""
    with collecting() as collector, django_db_blocker.unblock():
        environment = {
            ENDPOINT: collector.url,
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "SPOOLBOOK_ACCESS_LOG": "1",
            "SPOOLBOOK_LOG_LEVEL": "DEBUG",
        }
        flags = ["--log-level=debug", "--workers=1"]
        folder = tmp_path_factory.mktemp("watched")
        with serving(folder, *flags, **environment) as server:
            server.collector = collector
            yield server


def addresses(secret, number):
    """Each way in which an address can be wrong, besides one that is right."""
    return {
        f"/d/{secret}/api/v1/spool/{number}": 200,
        f"/d/{secret}//api/v1/info?a=%2Fb": 200,
        f"/%64/{secret}/api/v1/info": 200,
        f"/d/{secret}/api/v1/info/": 307,
        f"/d/{secret}/api/v1/spool/{number + 1}": 404,
        f"/d/{secret}/api/v1/spool/x": 422,
        f"/d/{secret}/api/v1/nothing": 404,
        f"/d/{secret}/floor/": 404,
        f"/d/{secret}": 404,
        f"//d/{secret}/api/v1/info": 404,
        f"/x/d/{secret}/api/v1/info": 404,
        f"/d/{MADE_UP}/api/v1/spool/{number}": 401,
    }


def test_no_log_and_no_trace_has_a_token(watched, committed_farm):
    secret = make_token(make_user(role="manager"), scope="printer")
    number = Spool.objects.values_list("number", flat=True).get(pk=a_spool().pk)
    referer = {"Referer": f"http://x/d/{secret}/page", "User-Agent": f"x {secret}"}
    with watched.client(committed_farm) as client:
        for address, status in addresses(secret, number).items():
            assert client.get(address, headers=referer).status_code == status, address
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/info", headers=headers).status_code == 200
        long = client.put(f"/d/{secret}/api/v1/spool/1", content=b"x" * 7_000_000)
        assert long.status_code == 413
    assert b"400" in raw(watched, committed_farm, f"GET /d/{secret}/ x HTTP/1.1")
    assert b"404" in raw(
        watched, committed_farm, f"GET /d/{secret}/api/v1/spool/0 HTTP/1.1\r\nX: 1"
    )
    assert_hidden(watched.log.read_text(), secret)
    assert_hidden(traces_of(watched.collector), secret)


def assert_hidden(text, secret):
    assert "/d/***/api/v1/spool/x" in text
    assert secret not in text
    assert MADE_UP not in text


def traces_of(collector):
    """All spans as text, once the one is there that is looked for."""

    def read():
        bodies = [gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b for _path, b in collector.got]
        return b"".join(bodies).decode("latin-1")

    with collector.has_more:
        collector.has_more.wait_for(lambda: "/api/v1/spool/x" in read(), timeout=10)
        return read()


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("/d/abc/api/v1/spool", ("abc", "/d/***", "/api/v1/spool")),
        ("/d/abc", ("abc", "/d/***", "/")),
        ("/d/", ("", "/d/***", "/")),
        ("/d/abc//api/v1/spool", ("abc", "/d/***", "/api/v1/spool")),
        ("/d/a/d/b", ("a", "/d/***", "/d/b")),
        ("/depot/abc", (None, "", "/depot/abc")),
    ],
)
def test_the_token_is_moved_from_the_path(path, moved):
    environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "RAW_URI": path, "QUERY_STRING": "a=1"}
    move_token(environ)
    assert (environ.get(TOKEN), environ["SCRIPT_NAME"], environ["PATH_INFO"]) == moved
    if moved[0] is not None:
        assert environ["RAW_URI"] == f"/d/***{moved[2]}?a=1"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET /d/abc/api/v1/spool HTTP/1.1", "GET /d/***/api/v1/spool HTTP/1.1"),
        ('{"a": "http://farm.local/d/abc"}', '{"a": "http://farm.local/d/***"}'),
        ("Token spb_0123456789abcdefghij-_", "Token spb_***"),
        ("nothing of it, and spb_ alone", "nothing of it, and spb_ alone"),
    ],
)
def test_a_text_for_a_log_has_no_token(text, hidden):
    assert without_tokens(text) == hidden
