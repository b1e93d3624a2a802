"""How gunicorn serves Spoolbook; `make run` adds the address to listen on."""

import ctypes
import importlib
import os
import signal
import sys

from gunicorn.glogging import Logger

from config.logging import JsonFormatter

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 2
# What a proxy may say is read by the application, where SPOOLBOOK_BEHIND_PROXY is set: by default
# gunicorn takes SCRIPT_NAME, PATH_INFO and the scheme from whoever comes from this machine, and a
# proxy on it hands on what strangers sent.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers = {}
timeout = 60
graceful_timeout = 20
keepalive = 5
# A worker's connections visit every farm and grow with each: a new worker now and then is cheap.
max_requests = 50_000
max_requests_jitter = 5_000
# The heartbeat is a file that each worker touches; on a busy disk that can block it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
# By default one socket in the home folder, which several instances would fight over.
control_socket_disable = True
accesslog = "-" if os.environ.get("SPOOLBOOK_ACCESS_LOG") == "1" else None

PR_SET_PDEATHSIG = 1
STOPS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)


class logger_class(Logger):
    """Its own lines are JSON like ours; requests, where they are logged, stay as they are."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())


def on_starting(_server):
    """Before the workers are forked."""
    importlib.import_module("tenants.web.rates")  # makes the memory that they count in together
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go_as_a_child)
    _end_with_the_supervisor()


def _hold():
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)


def _let_go():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _let_go_as_a_child():
    """A worker is deaf until it has handlers of its own: those it inherits fill a queue nobody
    reads, and whoever stops the server would wait the whole graceful_timeout for it."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    _let_go()


def _end_with_the_supervisor():
    """End with it even if it is killed, so that the port is free again (Linux)."""
    supervisor = os.environ.get("SPOOLBOOK_SUPERVISOR")
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(supervisor):
        sys.exit("The supervisor has gone.")
