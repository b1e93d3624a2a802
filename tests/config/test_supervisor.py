"""Programs that run together: the order, what is started again, and when that ends."""

import pytest

from config import serve
from config.supervisor import Program, ProgramError, supervise


class Interrupted(BaseException):
    """As a signal is."""


class Stand:
    """Programs by name, a clock that goes on while somebody sleeps, and what has happened."""

    def __init__(self, *names, until=1_000):
        self.now, self.until, self.happened, self.reports = 0, until, [], []
        self.programs = [Recorded(name, self) for name in names]

    def sleep(self, seconds):
        self.now += seconds
        if self.now > self.until:
            raise Interrupted
        for program in self.programs:
            program.live()

    def run(self):
        supervise(
            self.programs,
            on_ready=lambda: self.happened.append("ready"),
            report=self.reports.append,
            sleep=self.sleep,
            clock=lambda: self.now,
        )


class Recorded(Program):
    lives_for = None  # seconds after each start
    fails = ()  # which starts fail, by number

    def __init__(self, name, stand):
        self.name, self.stand = name, stand
        self.starts, self.running, self.started_at = 0, False, None

    def start(self):
        self.starts += 1
        self.stand.happened.append(f"start {self.name}")
        if self.starts in self.fails:
            raise ProgramError(f"{self.name} did not start.", 3)
        self.running, self.started_at = True, self.stand.now

    def live(self):
        if self.lives_for is not None and self.stand.now - self.started_at >= self.lives_for:
            self.running = False

    def is_running(self):
        return self.running

    def stop(self):
        self.stand.happened.append(f"stop {self.name}")

    def ended(self):
        return ProgramError(f"{self.name} has ended.", -9)


def test_programs_start_in_order_and_stop_in_reverse():
    stand = Stand("base", "web")
    with pytest.raises(Interrupted):
        stand.run()
    assert stand.happened == ["start base", "start web", "ready", "stop web", "stop base"]


def test_one_that_does_not_start_stops_those_before_it():
    stand = Stand("base", "web")
    stand.programs[1].fails = (1,)
    with pytest.raises(ProgramError, match="web did not start") as refused:
        stand.run()
    assert refused.value.code == 3
    assert stand.happened == ["start base", "start web", "stop web", "stop base"]


def test_one_that_ends_is_started_again_and_the_others_stay():
    stand = Stand("base", "web", until=100)
    stand.programs[0].lives_for = 50
    with pytest.raises(Interrupted):
        stand.run()
    assert [program.starts for program in stand.programs] == [2, 1]
    assert stand.reports == ["base has ended. It is started again in 1 s ...", "base runs again."]


def test_one_that_ends_five_times_in_a_minute_ends_all_with_its_code():
    stand = Stand("base", "web")
    stand.programs[1].lives_for = 2
    with pytest.raises(ProgramError, match="5 times within 60 seconds") as refused:
        stand.run()
    assert (refused.value.code, stand.programs[1].starts) == (128 + 9, 5)
    assert stand.now < 60
    assert stand.happened[-2:] == ["stop web", "stop base"]


def test_a_start_that_fails_counts_and_the_pause_grows():
    stand = Stand("web")
    stand.programs[0].lives_for, stand.programs[0].fails = 1, (2, 3, 4, 5)
    with pytest.raises(ProgramError, match="5 times"):
        stand.run()
    pauses = [text.split()[-3] for text in stand.reports if "again in" in text]
    assert pauses == ["1", "2", "4", "8"]


def test_ends_that_are_far_apart_are_each_the_first():
    stand = Stand("web", until=1_000)
    stand.programs[0].lives_for = 61
    with pytest.raises(Interrupted):
        stand.run()
    assert stand.programs[0].starts > 10
    assert not [text for text in stand.reports if "again in 2 s" in text]


def test_make_run_supervises_the_websockets_the_web_server_and_the_worker(monkeypatch):
    supervised, started = [], []
    monkeypatch.setenv("DATABASE_URL", "postgresql://spoolbook@localhost/spoolbook")
    monkeypatch.setattr(serve, "check_database", lambda url: None)
    monkeypatch.setattr(serve, "run_step", lambda *args, **options: 0)
    monkeypatch.setattr(serve, "supervise", lambda programs, **_: supervised.extend(programs))
    monkeypatch.setattr(serve, "start_process", lambda command, _: started.append(command))
    serve.serve("127.0.0.1", 0, has_demo=False)
    names = [program.name for program in supervised]
    assert names == ["The process of websockets", "The web server", "The worker"]
    supervised[0].start()
    supervised[2].start()
    modules = ["config.run_sockets", "config.run_jobs"]
    assert [command[1:] for command in started] == [["-m", module] for module in modules]
