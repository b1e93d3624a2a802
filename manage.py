#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # A command talks to a person; what each operation did is for the log of a server.
    os.environ.setdefault("SPOOLBOOK_LOG_LEVEL", "WARNING")
    execute_from_command_line(sys.argv)
