"""What Prometheus reads: gauges of spools and filaments, as they are now."""

from production.spoolman import filters, lists, shapes, sorting, streaming

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NO_VENDOR, UNKNOWN = "-", "None"
OF_SPOOLS = {
    "spoolman_spool_price": ("Total Spool price", "price"),
    "spoolman_spool_weight_used": ("Spool Used Weight", "used_weight"),
    "spoolman_spool_initial_weight": ("Spool Net weight", "initial_weight"),
}
OF_FILAMENTS = {
    "spoolman_filament_density": ("Density of filament", "density"),
    "spoolman_filament_diameter": ("Diameter of filament", "diameter"),
    "spoolman_filament_weight": ("Net weight of filament", "weight"),
}
INFO = "spoolman_filament_info"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def show(call):
    with streaming.Writer(call.request) as writer:
        for part in (*_of_spools(), *_of_filaments()):
            writer.write(part.encode())
        return writer.answer(CONTENT_TYPE, {})


def _of_spools():
    rows, known = [], {}
    for chunk in lists.ALL_SPOOLS.chunks([filters.ON_SHELF], [sorting.BY_ID]):
        for spool in shapes.spools(chunk, known):
            labels = {"spool_id": spool["id"], "filament_id": spool["filament"]["id"]}
            rows.append((labels, [spool.get(name) for _help, name in OF_SPOOLS.values()]))
    yield from _gauges(OF_SPOOLS, rows)


def _of_filaments():
    rows, info = [], []
    for chunk in lists.ALL_FILAMENTS.chunks([], [sorting.BY_ID]):
        for filament in shapes.filaments(chunk, {}):
            labels = {"filament_id": filament["id"]}
            rows.append((labels, [filament.get(name) for _help, name in OF_FILAMENTS.values()]))
            info.append((labels | _names(filament), [1.0]))
    yield from _gauges({INFO: ("Filament information", None)}, info)
    yield from _gauges(OF_FILAMENTS, rows)


def _names(filament):
    vendor = filament.get("vendor")
    return {
        "vendor": vendor["name"] if vendor else NO_VENDOR,
        "name": filament.get("name", UNKNOWN),
        "material": filament.get("material", UNKNOWN),
        "color": filament.get("color_hex", UNKNOWN),
    }


def _gauges(gauges, rows):
    """Each with its lines, one after the other; what is unknown has none."""
    for place, (name, (purpose, _field)) in enumerate(gauges.items()):
        yield f"# HELP {name} {purpose}\n# TYPE {name} gauge\n"
        for labels, figures in rows:
            if figures[place] is not None:
                yield f"{name}{{{_written(labels)}}} {figures[place]}\n"


def _written(labels):
    return ",".join(f'{name}="{str(value).translate(ESCAPES)}"' for name, value in labels.items())
