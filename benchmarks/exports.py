"""How long completions take beside an export of all of a farm's ledger, against without."""

import subprocess
import sys
from contextlib import contextmanager

from benchmarks.load import measure, message, middle
from benchmarks.rows import Measured
from benchmarks.serving import ROOT, served
from benchmarks.workloads import COMPLETE

BESIDE = "completions beside an export, 99 of 100"
RUNS, CLIENTS, COMPLETIONS = 100_000, 4, 100
EXPORT = "/api/v1/inventory-transactions/?format=csv"


def measured(options):
    with served(options.port, data=options.folder("history")) as side:
        runs, count = min(RUNS, max(options.runs)), COMPLETIONS * 2 * (options.rounds + 1)
        rows = side.make("history", runs=runs, completions=count)
        alone, beside = [], []
        for number in range(options.rounds + 1):
            loads = pair(side, rows)
            if number:
                alone.append(loads[0])
                beside.append(loads[1])
        alone, beside = middle(alone), middle(beside)
        first, second = _longest(alone), _longest(beside)
        yield Measured(
            BESIDE,
            second / first,
            beside,
            side.memory(),
            limit=f"alone {first * 1000:.0f} ms",
            more=f"{second * 1000:.0f} ms",
        )


def pair(side, rows):
    """The Loads of completions alone, and beside an export."""

    def complete():
        return measure(side, COMPLETE.messages(rows, COMPLETIONS), clients=CLIENTS)

    alone = complete()
    with _exporting(side, rows):
        return alone, complete()


def _longest(load):
    """Of a hundred the one before the longest."""
    return sorted(load.times)[int(len(load.times) * 0.99)]


@contextmanager
def _exporting(side, rows):
    """One export after another, in a process of its own, until the block ends."""
    text = message("GET", EXPORT, rows["account"], Connection="close")
    command = [sys.executable, "-m", "benchmarks.exports", side.url, text]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # once the first rows arrive
        try:
            yield
        finally:
            process.terminate()


def main(url, text):
    """Exports until the process is ended; a line is printed when the first begins."""
    from types import SimpleNamespace  # noqa: PLC0415

    from benchmarks.http_client import connect  # noqa: PLC0415

    while True:
        with connect(SimpleNamespace(url=url), timeout=120) as sock:
            sock.sendall(text.encode())
            while sock.recv(65536):
                print(flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
