"""What a run of the tests takes: elapsed and CPU seconds, and the tests that take too long."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from config.database.embedded.postmaster import running

TOO_LONG = 5  # seconds; what takes longer belongs into `make test-deep`
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CPU = pytest.StashKey[list]()
START = pytest.StashKey[float]()


class Timing:
    """In the process that reports; workers of xdist tell it what their database server took."""

    def __init__(self):
        self.start, self.server = time.monotonic(), []
        self.elapsed, self.cpu = Counter(), {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        self.server += getattr(node, "workeroutput", {}).get("server_cpu", [])

    def pytest_runtest_logreport(self, report):
        if hasattr(report, "context"):  # of a subtest, whose time is its test's too
            return
        self.elapsed[report.nodeid] += report.duration
        self.cpu[report.nodeid] = dict(report.user_properties).get("cpu_seconds", 0)

    @pytest.hookimpl(trylast=True)  # after the workers have ended, whose CPU time counts
    def pytest_unconfigure(self, config):
        self.server += config.stash.get(SERVER_CPU, [])
        for line in self.lines():
            print(line)

    def lines(self):
        slow = [each for each in self.elapsed.most_common() if each[1] > TOO_LONG]
        if slow:
            yield f"Tests over {TOO_LONG} s (elapsed, of which CPU):"
        for name, seconds in slow:
            yield f"  {seconds:6.1f} s {self.cpu[name]:6.1f} s  {name}"
        server = max(self.server) - min(self.server) if self.server else 0
        elapsed, tests = time.monotonic() - self.start, _cpu_so_far()
        yield (
            f"{elapsed:.0f} s elapsed, {tests + server:.0f} s of CPU time: "
            f"{tests:.0f} s tests and their processes, {server:.0f} s PostgreSQL."
        )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[START] = _cpu_so_far()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    try:
        return (yield)
    finally:
        used = _cpu_so_far() - item.stash[START]
        item.user_properties.append(("cpu_seconds", round(used, 2)))


def note_server_cpu(config):
    """Remember what the database server has used by now; called before and after its use."""
    place = settings.DATABASES["default"].get("EMBEDDED")
    server = running(Path(place) / "postgres") if place else None
    if server is None:
        return
    output = getattr(config, "workeroutput", None)
    noted = config.stash.setdefault(SERVER_CPU, [])
    noted.append(cpu_of(server.pid))
    if output is not None:
        output["server_cpu"] = noted


def _cpu_so_far():
    """Of this process, and of those of its children that have ended."""
    return sum(os.times()[:4])


def cpu_of(pid):
    """CPU seconds of a process, of its children, and of those that have ended; 0 without /proc."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_times(pid)[:4]) + sum(sum(_times(child)[:2]) for child in children)
    except OSError:
        return 0


def _times(pid):
    """User, system; and the same of the children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(each) / TICKS for each in fields[11:15]]
