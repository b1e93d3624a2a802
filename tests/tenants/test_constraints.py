"""A value that the database refuses is refused at its field, with a sentence."""

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CheckConstraint

from tenants.operations.constraints import demands
from tests.factories import a_material_type
from tests.responses import refused

CONSTRAINTS = [
    (model, constraint)
    for model in apps.get_models()
    for constraint in model._meta.constraints
    if isinstance(constraint, CheckConstraint)
]


def has_field(model, name):
    try:
        return bool(model._meta.pk if name == "pk" else model._meta.get_field(name))
    except FieldDoesNotExist:
        return False


def test_every_check_constraint_names_its_fields_in_words():
    assert len(CONSTRAINTS) > 30
    for model, constraint in CONSTRAINTS:
        found = demands(constraint, model())
        assert found, constraint.name
        assert [name for name in found if not has_field(model, name)] == []
        assert [text for text in found.values() if "_" in text or not text.endswith(".")] == []


@pytest.mark.parametrize(
    ("path", "body", "errors"),
    [
        (
            "products",
            {"sku": "WING", "name": "Wing", "units_per_plate": 0},
            {"units_per_plate": ["Must be more than 0."]},
        ),
        (
            "printers",
            {"name": "MK4", "bed_x_mm": 250, "bed_y_mm": 0, "bed_z_mm": 200},
            {"bed_y_mm": ["Must be more than 0."]},
        ),
        (
            "material-types",
            {
                "code": "PLA",
                "name": "PLA",
                "density_g_cm3": 1,
                "nozzle_temp_min": 230,
                "nozzle_temp_max": 200,
            },
            {
                "nozzle_temp_min": ["Does not fit nozzle temp max."],
                "nozzle_temp_max": ["Does not fit nozzle temp min."],
            },
        ),
    ],
)
def test_it_is_a_400_that_names_the_field(api, path, body, errors):
    problem = refused(api.post(f"/api/v1/{path}/", body), 400, "invalid")
    assert problem["errors"] == errors


def test_so_it_is_when_a_row_is_changed(api):
    path = f"/api/v1/material-types/{a_material_type().pk}/"
    problem = refused(api.patch(path, {"density_g_cm3": 0}), 400, "invalid")
    assert list(problem["errors"]) == ["density_g_cm3"]
    assert problem["detail"] == "Density g cm3: Must be more than 0."
