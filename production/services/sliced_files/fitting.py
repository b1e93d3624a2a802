"""Which printers a sliced file is for: by what its slicer calls the model, and by the nozzle."""

import re

WORD = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)?")
OPTIONAL = {"original", "the", "nozzle", "mm", "series"}


def fits(file, printer):
    """Whether a file, or a product's, is for the printer. A file that names no model is for none:
    nobody knows."""
    return is_model(file.printer_model, printer) and has_nozzle(file.nozzle_mm, printer)


def is_model(model, printer):
    """Whether ``model`` is what a slicer calls the printer: with or without its maker."""
    named = _words(model)
    if not named:
        return False
    maker = _words(printer.manufacturer)
    own = _words(printer.model) or _words(printer.name)
    return bool(own) and named - maker == own - maker


def has_nozzle(nozzle_mm, printer):
    return nozzle_mm is None or nozzle_mm == printer.nozzle_diameter_mm


def _words(text):
    return {word for word in WORD.findall(text.casefold()) if word not in OPTIONAL}
