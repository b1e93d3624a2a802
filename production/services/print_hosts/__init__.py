"""Print hosts: the programs through which printers take files, and what is passed on to them.

``managing`` has their addresses, ``passing_on`` sends a file: in no transaction, and under no lock.
"""
