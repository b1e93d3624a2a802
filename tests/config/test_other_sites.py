"""Pages of other sites that call the API from a browser: none, unless they are named."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.config.made_settings import made_settings
from tests.config.served import V1, signed
from tests.conftest import FarmAPIClient
from tests.factories import make_token

ORIGIN = "https://dashboard.example.com"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, content-type, if-match, idempotency-key",
}


@pytest.fixture
def token(manager):
    return make_token(manager)


@pytest.fixture
def naming(farm, settings):
    """``naming(origins)``: a client of the program that was started with them."""

    def client(origins):
        for name, value in made_settings(SPOOLBOOK_CORS_ORIGINS=origins).items():
            if name == "MIDDLEWARE" or name.startswith("CORS_"):
                setattr(settings, name, value)
        return FarmAPIClient(host="alpha.localhost")

    return client


def cors(headers):
    return {
        name: value for name, value in headers.items() if name.lower().startswith("access-control-")
    }


def test_other_sites_get_nothing_unless_they_are_named(naming, token):
    client = naming("")
    answer = client.get(f"{V1}me/", headers={**signed(token), "Origin": ORIGIN})
    assert (answer.status_code, cors(answer.headers)) == (200, {})
    answer = client.options(f"{V1}me/", headers=PREFLIGHT)
    assert (answer.status_code, cors(answer.headers)) == (401, {})


@pytest.mark.parametrize(
    ("named", "allowed"), [(f"{ORIGIN},http://10.0.0.7:3000", ORIGIN), ("*", "*")]
)
def test_a_site_that_is_named_may_use_the_api_with_a_token(naming, token, named, allowed):
    client = naming(named)
    preflight = client.options(f"{V1}production-runs/1/", headers=PREFLIGHT)
    assert (preflight.status_code, preflight["access-control-allow-origin"]) == (200, allowed)
    for header in ("authorization", "content-type", "if-match", "idempotency-key"):
        assert header in preflight["access-control-allow-headers"]
    answer = client.get(f"{V1}me/", headers={**signed(token), "Origin": ORIGIN})
    exposed = answer["access-control-expose-headers"]
    assert {"ETag", "Retry-After", "X-Request-ID"} <= set(exposed.split(", "))
    assert "access-control-allow-credentials" not in cors(answer.headers)
    refused = client.generic("POST", f"{V1}locations/", "x", "text/plain", headers=PREFLIGHT)
    assert (refused.status_code, refused["access-control-allow-origin"]) == (401, allowed)
    page = client.get("/accounts/login/", headers={"Origin": ORIGIN})
    assert (page.status_code, cors(page.headers)) == (200, {})


def test_a_site_that_is_not_named_gets_nothing(naming, token):
    headers = {**signed(token), "Origin": "https://evil.example"}
    answer = naming(ORIGIN).get(f"{V1}me/", headers=headers)
    assert (answer.status_code, cors(answer.headers)) == (200, {})


def test_an_origin_that_is_none_keeps_the_server_from_starting():
    with pytest.raises(ImproperlyConfigured, match="an origin is https://host"):
        made_settings(SPOOLBOOK_CORS_ORIGINS="https://dashboard.example.com/app")
