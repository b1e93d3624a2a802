"""Initial data of a new farm's production."""

from production.models import Reason

REASONS = {
    "adhesion": "Came off the bed",
    "layer_shift": "Layer shift",
    "stringing": "Stringing",
    "warping": "Warping",
    "nozzle_clog": "Clogged nozzle",
    "under_extrusion": "Under-extrusion",
    "filament_runout": "Filament ran out",
    "power_failure": "Power failure",
    "wrong_material": "Wrong material",
    "operator_error": "Operator error",
    "dimensional": "Out of tolerance",
    "surface_defect": "Surface defect",
    "other": "Other",
}


def seed():
    """Give the farm its reasons for scrap and failure; what it has already is left alone."""
    Reason.objects.bulk_create(
        (
            Reason(kind=kind, code=code, label=label)
            for kind in Reason.Kind.values
            for code, label in REASONS.items()
        ),
        ignore_conflicts=True,
    )
