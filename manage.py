#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # A command talks to a person; what each operation did is for the log of a server.
    os.environ.setdefault("SPOOLBOOK_LOG_LEVEL", "WARNING")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}.")


if __name__ == "__main__":
    main()
