"""What the framework itself refuses is answered like a verb's refusal: with what to do instead."""

import pytest

RUNS, LOCATIONS = "/api/v1/production-runs/", "/api/v1/locations/"
PLA = {"code": "PLA", "name": "Polylactic acid", "density_g_cm3": "1.24"}


def detail_of(answer, status):
    assert answer.status_code == status, answer.content
    return answer.json()["detail"]


@pytest.mark.usefixtures("farm")
def test_who_brings_no_token_is_told_where_one_comes_from(api_client):
    for headers in ({}, {"Authorization": "Bearer spb_made-up"}):
        assert "POST /api/v1/tokens/" in detail_of(api_client.get(RUNS, headers=headers), 401)


def test_who_may_not_is_told_what_it_takes(api_client, viewer):
    api_client.force_authenticate(viewer)
    needed = "inventory.add_location"
    expected = f"This takes {needed}, which the role viewer does not include."
    assert detail_of(api_client.post(LOCATIONS, {"name": "Shelf"}), 403) == expected
    roles = {
        role["role"]: role["permissions"]
        for role in api_client.get("/api/v1/roles/").json()["results"]
    }
    assert [role for role in roles if needed in roles[role]] == ["operator", "manager"]


@pytest.mark.parametrize(
    ("method", "address", "takes"),
    [("get", f"{RUNS}1/start/", "POST"), ("put", LOCATIONS, "GET, POST")],
)
def test_another_method_is_named(manager_api, method, address, takes):
    assert detail_of(getattr(manager_api, method)(address), 405).endswith(f"takes {takes}.")


def test_a_form_that_is_not_there_is_406_by_its_name_as_by_its_media_type(manager_api):
    for request in (
        {"query_params": {"format": "xml"}},
        {"headers": {"Accept": "application/xml"}},
    ):
        assert "text/csv" in detail_of(manager_api.get(LOCATIONS, **request), 406)


def test_another_media_type_is_named(manager_api):
    answer = manager_api.post(LOCATIONS, "name=Shelf", content_type="text/plain")
    assert detail_of(answer, 415) == "Send it as application/json."


def test_a_body_that_is_no_object_is_told_so_without_a_field(manager_api):
    assert (
        detail_of(manager_api.post(LOCATIONS, ["Shelf"]), 400)
        == "Must be a JSON object, not of type list."
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            f"{RUNS}?status=planned,open",
            "status: open is not one of planned, in_progress, completed,",
        ),
        ("/api/v1/reports/scrap/?group_by=lot", "group_by: lot is not one of reason, product,"),
        ("/api/v1/spools/?color_near=red", "color_near: A colour has 6 or 8 hex digits"),
    ],
)
def test_a_parameter_is_told_what_it_may_be(manager_api, address, expected):
    assert detail_of(manager_api.get(address), 400).startswith(expected)


def test_a_field_is_told_what_it_may_be(manager_api):
    body = {"username": "x", "role": "boss", "password": "prints-4-a-living"}
    expected = "role: “boss” is not one of viewer, operator, manager."
    assert detail_of(manager_api.post("/api/v1/users/", body), 400) == expected


def test_a_page_too_far_says_where_the_number_of_pages_stands(manager_api):
    assert "total_pages" in detail_of(manager_api.get(f"{LOCATIONS}?page=7"), 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("locations/", {"name": "Shelf B2", "comment": 0}),
        ("material-types/", PLA | {"is_abrasive": 0}),
        ("material-types/", PLA | {"is_abrasive": "true"}),
    ],
)
def test_nothing_is_taken_for_what_it_may_have_meant(manager_api, path, body):
    answer = manager_api.post(f"/api/v1/{path}", body)
    *_, wrong = body
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [wrong])


def test_an_address_without_the_method_is_405_whatever_the_format(manager_api):
    answer = manager_api.put("/api/v1/reports/alerts/?format=csv", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.fixture
def manager_api(api_client, manager):
    api_client.force_authenticate(manager)
    return api_client
