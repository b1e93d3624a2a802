"""Pages of other sites that call the API from a browser: none, unless they are named."""

import pytest

from tests.config.served import V1, signed
from tests.serving import serving

ORIGIN = "https://dashboard.example.com"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, content-type, if-match, idempotency-key",
}


def cors(headers):
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


def test_other_sites_get_nothing_unless_they_are_named(at_farm, token):
    answer = at_farm.get(f"{V1}me/", headers={**signed(token), "Origin": ORIGIN})
    assert (answer.status_code, cors(answer.headers)) == (200, {})
    answer = at_farm.options(f"{V1}me/", headers=PREFLIGHT)
    assert (answer.status_code, cors(answer.headers)) == (401, {})


@pytest.mark.parametrize(
    ("named", "allowed"), [(f"{ORIGIN},http://10.0.0.7:3000", ORIGIN), ("*", "*")]
)
def test_a_site_that_is_named_may_use_the_api_with_a_token(
    committed_farm, token, tmp_path, named, allowed
):
    with serving(tmp_path, SPOOLBOOK_CORS_ORIGINS=named) as server:
        client = server.client(committed_farm)
        preflight = client.options(f"{V1}production-runs/1/", headers=PREFLIGHT)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (
            200,
            allowed,
        )
        for header in ("authorization", "content-type", "if-match", "idempotency-key"):
            assert header in preflight.headers["access-control-allow-headers"]
        answer = client.get(f"{V1}me/", headers={**signed(token), "Origin": ORIGIN})
        exposed = answer.headers["access-control-expose-headers"]
        assert {"ETag", "Retry-After", "X-Request-ID"} <= set(exposed.split(", "))
        assert "access-control-allow-credentials" not in cors(answer.headers)
        refused = client.post(
            f"{V1}locations/", headers={"Origin": ORIGIN, "Content-Type": "text/plain"}, content="x"
        )
        assert refused.headers["access-control-allow-origin"] == allowed
        page = client.get("/accounts/login/", headers={"Origin": ORIGIN})
        assert cors(page.headers) == {}


def test_a_site_that_is_not_named_gets_nothing(committed_farm, token, tmp_path):
    with serving(tmp_path, SPOOLBOOK_CORS_ORIGINS=ORIGIN) as server:
        headers = {**signed(token), "Origin": "https://evil.example"}
        answer = server.client(committed_farm).get(f"{V1}me/", headers=headers)
        assert cors(answer.headers) == {}


def test_an_origin_that_is_none_keeps_the_server_from_starting(tmp_path):
    with (
        pytest.raises(pytest.fail.Exception, match="an origin is https://host"),
        serving(tmp_path, SPOOLBOOK_CORS_ORIGINS="https://dashboard.example.com/app"),
    ):
        pass
