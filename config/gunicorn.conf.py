"""Configuration of gunicorn; `make run` adds the address to listen on."""

import importlib
import os
import resource
import signal

from gunicorn.glogging import Logger

from config.database import URLS
from config.logging import JsonFormatter
from config.supervisor import end_with_supervisor
from tenants.web.printer_addresses import without_tokens

if any(os.environ.get(name) for name in URLS.values()):  # the application shall be none but these
    os.environ.pop("DATABASE_URL", None)

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "config.web_server.worker.BufferingWorker"
threads = 8
sendfile = False  # as the worker buffers answers
# The application reads a proxy's headers, where SPOOLBOOK_BEHIND_PROXY is set. By default gunicorn
# trusts SCRIPT_NAME, PATH_INFO and the scheme of every local client, and a local proxy passes on
# the headers of strangers.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers = {}
timeout = 60
graceful_timeout = 20
keepalive = 5
# Whatever grows in a process does not grow for ever.
max_requests = 50_000
max_requests_jitter = 5_000
# The heartbeat is a file that each worker touches; on a busy disk that can block it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None  # nosec B108
# By default a socket in the home folder, the same for several instances.
control_socket_disable = True
accesslog = "-" if os.environ.get("SPOOLBOOK_ACCESS_LOG") == "1" else None

STOPS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)


class logger_class(Logger):
    """Writes gunicorn's own log as JSON; the access log keeps its format, without tokens."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())

    def atoms(self, *args):
        values = super().atoms(*args)
        texts = {
            name: without_tokens(value) for name, value in values.items() if type(value) is str
        }
        return values | texts


def pre_request(_worker, request):
    """Let the application close the connection (tenants.web.bodies)."""
    request.body.force_close = request.force_close


def post_worker_init(worker):
    """The application is loaded."""
    importlib.import_module("tenants.schemas.logins").share(worker.cfg.threads)


def on_starting(_server):
    importlib.import_module("tenants.web.throttle_counts")  # allocates the memory that they share
    os.register_at_fork(
        before=_block_signals,
        after_in_parent=_unblock_signals,
        after_in_child=_reset_and_unblock_signals,
    )
    end_with_supervisor()


def _open_many_files():
    """A connection is a file, and so is a long body or answer; often 1,024 are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _block_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)


def _unblock_signals():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _reset_and_unblock_signals():
    """End a new worker by a signal until it has handlers of its own: the inherited ones fill a
    queue that it never reads, so that a stop would wait the whole graceful_timeout."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    _unblock_signals()
