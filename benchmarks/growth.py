"""What requests cost at farms with 1,000 runs and with up to 1,000,000, in turns on one server."""

import statistics

from benchmarks.load import Unexpected, measure, middle
from benchmarks.rows import TIMES, Measured, Missing
from benchmarks.serving import served
from benchmarks.workloads import GROWTH

CLIENTS, COMPLETIONS, READS = 4, 40, 50


def measured(options):
    with served(options.port, data=options.folder("history")) as side:
        count = COMPLETIONS * (options.rounds + 1)
        sizes = {runs: side.make("history", runs=runs, completions=count) for runs in options.runs}
        for name, workload in GROWTH.items():
            try:
                yield row(name, in_turns(workload, side, sizes, options), side)
            except Unexpected as error:
                yield Missing(name, str(error))


def in_turns(workload, side, sizes, options):
    found = {runs: [] for runs in sizes}
    for number in range(options.rounds + 1):
        for runs, rows in list(sizes.items())[:: -1 if number % 2 else 1]:
            messages = workload.messages(rows, READS if workload.is_read else COMPLETIONS)
            seconds = options.seconds if workload.is_read else None
            load = measure(side, messages, clients=CLIENTS, seconds=seconds)
            if number:
                found[runs].append(load)
    return found


def row(name, found, side):
    loads = {runs: middle(each) for runs, each in found.items()}
    first, *more = found
    ratios = {
        runs: statistics.median(
            b.cpu / a.cpu for a, b in zip(found[first], found[runs], strict=True)
        )
        for runs in more or [first]
    }
    text = ", ".join(f"{runs:,}: {load.cpu:.1f} ms" for runs, load in loads.items())
    text += "".join(f", x {ratio:.2f}" for ratio in ratios.values())
    last = loads[max(loads)]
    return Measured(name, max(ratios.values()), last, side.memory(), more=text, unit=TIMES)
