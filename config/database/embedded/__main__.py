"""python -m config.database.embedded start|stop|status|url|psql [--data DIR]"""

import argparse
import os
import subprocess
import sys

from . import binary, connect, is_in_use, is_running, keep_running, release, stop, url
from .errors import EmbeddedPostgresError

NOT_RUNNING = 3


def main() -> int:
    """Carry out one command; the exit code (3: not running, as systemctl's)."""
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = _parser().parse_args(arguments[:end])
    try:
        if options.command == "psql":
            return _psql(options.data, arguments[end + 1 :])
        return COMMANDS[options.command](options.data, options.force)
    except EmbeddedPostgresError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m config.database.embedded",
        description="The PostgreSQL that comes with Spoolbook.",
        epilog="Arguments after -- are passed to psql.",
    )
    parser.add_argument("command", choices=[*COMMANDS, "psql"])
    parser.add_argument("--data", default=os.environ.get("SPOOLBOOK_DATA") or ".data")
    parser.add_argument("--force", action="store_true", help="stop: also while others use it")
    return parser


def _start(data: str, _force: bool) -> int:
    connect(data)
    keep_running(data)
    print(f"PostgreSQL runs in {data}, until you stop it.")
    return 0


def _stop(data: str, force: bool) -> int:
    if is_in_use(data) and not force:
        raise EmbeddedPostgresError(
            f"PostgreSQL in {data} is in use by another program: stop that first, or add --force."
        )
    print("PostgreSQL has stopped." if stop(data) else "PostgreSQL does not run.")
    return 0


def _status(data: str, _force: bool) -> int:
    if not is_running(data):
        print(f"PostgreSQL does not run in {data}.")
        return NOT_RUNNING
    print(f"PostgreSQL runs in {data}, {'' if is_in_use(data) else 'not '}in use.")
    return 0


def _url(data: str, _force: bool) -> int:
    if not is_running(data):
        print(f"PostgreSQL does not run in {data}: start it first.", file=sys.stderr)
        return NOT_RUNNING
    print(url(data))
    release(data)
    return 0


def _psql(data: str, arguments: list[str]) -> int:
    # By the environment: a command line can be read by every user.
    address = connect(data)
    variables = {f"PG{key}": value for key, value in address.items()}
    variables["PGDATABASE"] = address["NAME"]
    return subprocess.call([binary("psql"), *arguments], env=os.environ | variables)


COMMANDS = {"start": _start, "stop": _stop, "status": _status, "url": _url}

if __name__ == "__main__":
    sys.exit(main())
