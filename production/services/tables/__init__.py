"""Printers and products imported from files, as inventory/services/tables/ reads them."""
