"""Catalogues of filaments that others keep, such as SpoolmanDB: read, looked at, imported."""

from inventory.services.catalogue.importing import import_entries

__all__ = ["import_entries"]
