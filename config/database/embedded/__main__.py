"""python -m config.database.embedded start|stop|status|url|psql [--data DIR]"""

import argparse
import os
import subprocess
import sys

from . import binary, connect, is_in_use, is_running, keep_running, release, stop, url
from .errors import EmbeddedPostgresError

NOT_RUNNING = 3


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; the exit code (3: not running, like systemctl's)."""
    words = sys.argv[1:] if arguments is None else arguments
    end = words.index("--") if "--" in words else len(words)
    options = _parser().parse_args(words[:end])
    options.arguments = words[end + 1 :]
    try:
        return COMMANDS[options.command](options)
    except EmbeddedPostgresError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m config.database.embedded",
        description="The PostgreSQL that comes with Spoolbook.",
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--data", default=os.environ.get("SPOOLBOOK_DATA") or ".data")
    parser.add_argument("--force", action="store_true", help="stop: also while others use it")
    parser.epilog = "What follows -- is handed to psql."
    return parser


def _start(options: argparse.Namespace) -> int:
    connect(options.data)
    keep_running(options.data)
    print(f"PostgreSQL runs in {options.data}, until you stop it.")
    return 0


def _stop(options: argparse.Namespace) -> int:
    if is_in_use(options.data) and not options.force:
        print(
            f"PostgreSQL in {options.data} is in use by another program: stop that first, "
            "or add --force.",
            file=sys.stderr,
        )
        return 1
    print("PostgreSQL has stopped." if stop(options.data) else "PostgreSQL does not run.")
    return 0


def _status(options: argparse.Namespace) -> int:
    if not is_running(options.data):
        print(f"PostgreSQL does not run in {options.data}.")
        return NOT_RUNNING
    used = "in use" if is_in_use(options.data) else "not in use"
    print(f"PostgreSQL runs in {options.data}, {used}.")
    return 0


def _url(options: argparse.Namespace) -> int:
    if not is_running(options.data):
        print(f"PostgreSQL does not run in {options.data}: start it first.", file=sys.stderr)
        return NOT_RUNNING
    print(url(options.data))
    release(options.data)
    return 0


def _psql(options: argparse.Namespace) -> int:
    address = connect(options.data)
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER"}
    names |= {"PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
    environment = os.environ | {names[key]: value for key, value in address.items()}
    return subprocess.call([binary("psql"), *options.arguments], env=environment)


COMMANDS = {"start": _start, "stop": _stop, "status": _status, "url": _url, "psql": _psql}

if __name__ == "__main__":
    sys.exit(main())
