"""The variance of five years with 100,000 runs, as a whole and by each grouping."""

import statistics

from benchmarks import machine
from benchmarks.growth import in_turns
from benchmarks.load import middle
from benchmarks.rows import Measured
from benchmarks.serving import served
from benchmarks.workloads import VARIANCE

RUNS = 100_000


def measured(options):
    with served(options.port, data=options.folder("history")) as side:
        rows = side.make("history", runs=min(RUNS, max(options.runs)), completions=0)
        scales = []
        for number, (name, workload) in enumerate(VARIANCE.items()):
            if number % 4 == 0:
                scales.append(machine.scale(side))
            load = middle(in_turns(workload, side, {RUNS: rows}, options)[RUNS])
            scale = statistics.median(scales)
            yield Measured(name, load.cpu, load, side.memory(), scale=scale)
