"""Entries of a catalogue of filaments: a good one, and what can be wrong with one."""

GOOD = {
    "id": "acme_pla_red_1000_175",
    "manufacturer": "Acme",
    "name": "Red",
    "material": "PLA",
    "density": 1.24,
    "weight": 1000.0,
    "spool_weight": 200,
    "diameter": 1.75,
    "color_hex": "ff0000",
    "extruder_temp": 210,
    "bed_temp": 60,
}
BROKEN = {
    "missing name": {"name": None},
    "blank name": {"name": "  "},
    "name too long": {"name": "x" * 151},
    "name with NUL": {"name": "Re\x00d"},
    "name with half a character": {"name": "Re\ud800d"},
    "name not text": {"name": 7},
    "id a number": {"id": 17},
    "id missing": {"id": None},
    "maker a list": {"manufacturer": ["Acme"]},
    "material unknown letters": {"material": "PLÄ"},
    "density zero": {"density": 0},
    "density negative": {"density": -1.2},
    "density NaN": {"density": float("nan")},
    "density text": {"density": "1.24"},
    "density in kg/m3": {"density": 1240},
    "density true": {"density": True},
    "weight infinite": {"weight": float("inf")},
    "weight zero": {"weight": 0},
    "weight beyond the book": {"weight": 10**9},
    "reel negative": {"spool_weight": -1},
    "diameter huge": {"diameter": 175},
    "temperature absurd": {"extruder_temp": 21000},
    "range of one": {"extruder_temp": None, "extruder_temp_range": [200]},
    "range of text": {"bed_temp": None, "bed_temp_range": ["a", "b"]},
    "wrong colour": {"color_hex": "red"},
    "colour a number": {"color_hex": 255},
    "colours without direction": {"color_hexes": ["FF0000", "00FF00"]},
    "one of several colours": {"color_hexes": ["FF0000"], "multi_color_direction": "coaxial"},
}


def entry(**changes):
    return {**GOOD, **changes}
