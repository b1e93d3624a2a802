"""Initial data of a new farm's inventory."""

from decimal import Decimal

from inventory.models import MaterialType
from inventory.services.material_families import OTHER, is_abrasive

# Name and g/cm³: the density that most filaments of the type have in SpoolmanDB (2026), or where it
# has few of them, that of its list of materials. Codes are those of its filaments, so that an
# import finds them. Temperatures are the farm's to set: they differ from maker to maker.
MATERIAL_TYPES = {
    "PLA": ("PLA", "1.24"),
    "PLA+": ("Tough PLA", "1.24"),
    "PLA-CF": ("PLA with carbon fibre", "1.22"),
    "WOOD": ("PLA with wood", "1.23"),
    "PETG": ("PETG", "1.27"),
    "PETG-CF": ("PETG with carbon fibre", "1.29"),
    "PCTG": ("PCTG", "1.21"),
    "PET-CF": ("PET with carbon fibre", "1.29"),
    "ABS": ("ABS", "1.05"),
    "ABS-GF": ("ABS with glass fibre", "1.08"),
    "ASA": ("ASA", "1.07"),
    "ASA-CF": ("ASA with carbon fibre", "1.14"),
    "HIPS": ("HIPS", "1.04"),
    "PC": ("Polycarbonate", "1.19"),
    "PC+ABS": ("Polycarbonate with ABS", "1.14"),
    "PA": ("Nylon", "1.10"),
    "PA-CF": ("Nylon with carbon fibre", "1.09"),
    "PA6": ("Nylon 6", "1.22"),
    "PA6-CF": ("Nylon 6 with carbon fibre", "1.09"),
    "PA6-GF": ("Nylon 6 with glass fibre", "1.09"),
    "TPU": ("TPU", "1.20"),
    "TPU-95A": ("TPU, Shore 95A", "1.21"),
    "PP": ("Polypropylene", "0.90"),
    "PVA": ("PVA, soluble in water", "1.23"),
    "PVB": ("PVB", "1.10"),
}
# What makers call a filament of a type, by which a printer of theirs knows it.
FAMILIES = {
    "PLA+": "PLA",
    "PLA BASIC": "PLA",
    "PLA MATTE": "PLA",
    "PLA SILK": "PLA",
    "PLA TOUGH": "PLA",
    "PETG HF": "PETG",
    "PETG BASIC": "PETG",
    "PA6-CF": "PA-CF",
    "PAHT-CF": "PA-CF",
    "TPU-95A": "TPU",
}
OTHER_DENSITY = Decimal("1.24")


def seed():
    """Give the farm the usual material types; what it has already is left alone."""
    known = set(MaterialType.objects.values_list("code", flat=True))
    of_makers = {code: (code, MATERIAL_TYPES[family][1]) for code, family in FAMILIES.items()}
    types = of_makers | MATERIAL_TYPES | {OTHER: ("Not known", OTHER_DENSITY)}
    MaterialType.objects.bulk_create(
        (
            MaterialType(
                code=code,
                name=name,
                density_g_cm3=Decimal(density),
                is_abrasive=is_abrasive(code),
            )
            for code, (name, density) in types.items()
        ),
        ignore_conflicts=True,
    )
    ids = dict(MaterialType.objects.values_list("code", "pk"))
    for code in FAMILIES.keys() - known:
        MaterialType.objects.filter(code=code).update(family=ids[FAMILIES[code]])
