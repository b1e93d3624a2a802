"""Sliced files: received, matched with products and spools, and runs planned by them."""
