"""Tables of spools and filaments, as they come out of a spreadsheet: read, and imported."""

from inventory.services.tables.importing import (
    FILAMENT_COLUMNS,
    SPOOL_COLUMNS,
    import_filaments,
    import_spools,
)

__all__ = ["FILAMENT_COLUMNS", "SPOOL_COLUMNS", "import_filaments", "import_spools"]
