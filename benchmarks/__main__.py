"""python -m benchmarks [NAME ...] [--option=value ...]: the ratios of docs/performance.md."""

import importlib
import os
import sys

import django
from django.conf import settings

NAMES = (
    *("operations", "reports", "lists", "api_requests", "verbs"),
    *("pages", "availability", "backups", "sliced_files", "finding", "best_fit"),
)


def main(arguments):
    options = [[each for each in arguments if each.startswith("-")]]
    names = [each for each in arguments if not each.startswith("-")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SPOOLBOOK_DATA", ".data/bench")
    os.environ.setdefault("SPOOLBOOK_LOG_LEVEL", "ERROR")
    django.setup()
    settings.DEBUG = False  # else statements are logged, and none is prepared
    for name in names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main(*filter(None, options))


if __name__ == "__main__":
    main(sys.argv[1:])
