"""Spoolman's API, as printers and their programs speak it: see docs/printers.md.

``urls`` names the operations and who may do them, ``address`` answers a request, ``bodies`` reads
what comes in and ``shapes`` makes what goes out. Errors are Spoolman's, and always in English.
"""
