"""Clients that ask a server, in a process of their own: they don't share its interpreter."""

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from types import SimpleNamespace

from benchmarks.http_client import PersistentClient, Shared, in_threads
from benchmarks.serving import ROOT


@dataclass
class Load:
    """Requests a second; milliseconds of CPU of the application and of PostgreSQL for each; and the
    seconds that each took."""

    rate: float
    application: float
    database: float
    times: list

    @property
    def cpu(self):
        return self.application + self.database


def message(method, path, account, body="", **headers):
    """A request as it is sent. An account is a host and what shows who asks: a header."""
    host, credential = account
    named = {"Host": host, **credential, **headers}
    if method != "GET":
        named |= {"Content-Type": "application/json", "Content-Length": len(body)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}"


def measure(side, messages, *, clients, seconds=None, status=200):
    """The Load of so many clients: each message once, or one after another for so many seconds."""
    plan = {"url": side.url, "clients": clients, "seconds": seconds, "messages": messages}
    command = [sys.executable, "-m", "benchmarks.load"]
    before = side.cpu()
    done = subprocess.run(
        command, input=json.dumps(plan), text=True, stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    after = side.cpu()
    result = json.loads(done.stdout)
    if set(result["statuses"]) != {str(status)}:
        first = messages[0].partition("\r\n")[0]
        raise Unexpected(f"{first}: answered {result['statuses']}")
    count = len(result["times"])
    costs = [(b - a) * 1000 / count for a, b in zip(before, after, strict=True)]
    return Load(count / result["seconds"], *costs, result["times"])


class Unexpected(Exception):
    """A request was answered with another status."""


def middle(loads):
    """The medians of several."""
    figures = [(each.rate, each.application, each.database) for each in loads]
    times = [taken for each in loads for taken in each.times]
    return Load(*map(statistics.median, zip(*figures, strict=True)), times)


def main():
    """The plan is read from the standard input; what happened is printed."""
    plan = SimpleNamespace(**json.load(sys.stdin))
    messages = [each.encode() for each in plan.messages]
    if plan.seconds:
        until = time.perf_counter() + plan.seconds
        endless = cycle(messages)
        messages = iter(lambda: time.perf_counter() < until and next(endless), False)
    messages, statuses, times = Shared(messages), Counter(), []

    def ask():
        client = PersistentClient(plan)
        for each in messages:
            started = time.perf_counter()
            try:
                status = client.send(each)
            except OSError:  # no answer in time: the row is not measured
                statuses[0] += 1
                return
            times.append(time.perf_counter() - started)
            statuses[status] += 1

    seconds = in_threads(ask, plan.clients)
    print(json.dumps({"seconds": seconds, "statuses": statuses, "times": times}))


if __name__ == "__main__":
    main()
