"""Spoolmen to import from: one that is written down, with values of all kinds, and a farm."""

import json

from production.spoolman.importing import export_files, server
from production.spoolman.importing.address import Server
from tests.production.spoolman.clients import ok

AT = "2024-03-01T10:00:00Z"
FILES = {"vendors": "vendor", "filaments": "filament", "spools": "spool"}


def vendor(number, name, **more):
    return {"id": number, "registered": AT, "name": name, "extra": {}, **more}


def filament(number, *, vendor=None, **more):
    row = {"id": number, "registered": AT, "density": 1.24, "diameter": 1.75, "extra": {}, **more}
    return row if vendor is None else row | {"vendor": vendor}


def spool(number, filament, *, used=0.0, initial=None, **more):
    """As Spoolman works out what is left of it."""
    row = {"id": number, "registered": AT, "filament": filament, "used_weight": used}
    row |= {"archived": False, "extra": {}} | (
        {} if initial is None else {"initial_weight": initial}
    )
    base = filament.get("weight") if initial is None else initial
    if base is not None:
        row["remaining_weight"] = max(base - used, 0)
    return row | more


class Spoolman:
    """What a server of Spoolman answers, by the paths of its API."""

    def __init__(self, *, vendors=(), filaments=(), spools=(), fields=None, settings=None):
        fields = fields or {}
        self.answers = {
            "/info": {"version": "0.26.1"},
            "/setting/": {
                key: {"value": value, "is_set": True, "type": "string"}
                for key, value in (settings or {}).items()
            },
            **{f"/field/{each}": fields.get(each, []) for each in ("vendor", "filament", "spool")},
            "/vendor": list(vendors),
            "/filament": list(filaments),
            "/spool?allow_archived=true": list(spools),
        }

    def source(self, monkeypatch):
        """As it is read from its address."""
        answers = json.loads(json.dumps(self.answers))
        monkeypatch.setattr(Server, "get", lambda _self, path: answers[path])
        return server.read("http://spoolman.example.com:7912")


class FarmAsSource:
    """A farm that is asked as a Spoolman is."""

    def __init__(self, client):
        self.client = client

    def source(self, monkeypatch):
        def get(_self, path):
            return ok(self.client.get(path.removeprefix("/")))

        monkeypatch.setattr(Server, "get", get)
        return server.read("http://other.example.com")

    def exported(self, *, with_settings=True):
        query = {"fmt": "json", "allow_archived": "true"}
        found = {f"{name}.json": self.client.get(f"export/{name}", query) for name in FILES}
        if with_settings:
            found["settings.json"] = self.client.get("setting/")
        return export_files.from_contents({name: each.content for name, each in found.items()})


def everything(client):
    """All that a program can read of a farm: ``{what: rows}``, without lengths, which are floats
    worked out of the others."""
    paths = ["setting/", "location", "material", "article-number", "lot-number"]
    paths += [f"field/{each}" for each in FILES.values()]
    found = {path: ok(client.get(path)) for path in paths}
    for entity in FILES.values():
        query = {"allow_archived": "true", "sort": "id:asc"}
        found[entity] = [_rounded(row) for row in _rows(client.get(entity, query))]
    return found


def _rows(answer):
    """Of a list, which may come in parts."""
    return json.loads(answer.getvalue())


def _rounded(row):
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in row.items()
        if not name.endswith("_length")
    }
