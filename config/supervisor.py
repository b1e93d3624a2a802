"""Programs that run together: started in order, started again when they end, stopped in reverse."""

import ctypes
import os
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

CHECK_INTERVAL_SECONDS = 1
PR_SET_PDEATHSIG = 1
MAX_ENDS, WITHIN_SECONDS = 5, 60  # of one program, before nothing is tried any more


class ProgramError(Exception):
    """A program does not run; the message is for the person at the terminal."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = 128 - code if code < 0 else code or 1  # as a shell shows signals


class Program(ABC):
    name: str  # as a sentence begins with it

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it is ready. Raises ProgramError."""

    @abstractmethod
    def is_running(self) -> bool: ...

    @abstractmethod
    def stop(self) -> None: ...

    def ended(self) -> ProgramError:
        """How it ended."""
        return ProgramError(f"{self.name} has ended.")


def end_with_supervisor() -> None:
    """In a program: end when the supervisor is killed, so that another can start (Linux)."""
    supervisor = os.environ.get("SPOOLBOOK_SUPERVISOR")
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(supervisor):
        sys.exit("The supervisor has ended.")


def supervise(
    programs: Sequence[Program],
    *,
    on_ready: Callable[[], None],
    report: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run programs until an exception arrives, as that of a signal.

    One that ends is started again after a pause. Raises ProgramError where one does not start the
    first time, or has ended five times within a minute.
    """
    ends = {program: deque(maxlen=MAX_ENDS) for program in programs}
    started = []
    try:
        for program in programs:
            started.append(program)
            program.start()
        on_ready()
        while True:
            sleep(CHECK_INTERVAL_SECONDS)
            for program in programs:
                if not program.is_running():
                    _restart(program, ends[program], report, sleep, clock)
    finally:
        for program in reversed(started):
            program.stop()


def _restart(program, ends, report, sleep, clock) -> None:
    reason, now = program.ended(), clock()
    ends.append(now)
    recent = sum(now - end <= WITHIN_SECONDS for end in ends)
    if recent == MAX_ENDS:
        message = (
            f"{reason} That was {MAX_ENDS} times within {WITHIN_SECONDS} seconds, so nothing is "
            "started again: the reason is above."
        )
        raise ProgramError(message, reason.code)
    pause = 2 ** (recent - 1)
    report(f"{reason} It is started again in {pause} s ...")
    sleep(pause)
    try:
        program.start()
    except ProgramError as error:
        report(str(error))
    else:
        report(f"{program.name} runs again.")
