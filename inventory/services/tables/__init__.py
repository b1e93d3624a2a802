"""Spools and filaments imported from files: a reader for each format, an importer for each kind.

Readers (table_reader, catalogue_reader) yield a Row for each line or entry; importers
(filament_import, spool_import) decide what becomes of each, write it, and return a report.
"""
