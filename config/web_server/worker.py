"""The worker: gunicorn's threads, which get a request when all of it is there.

`ThreadWorker.run` polls in the main thread and calls what is here; in a thread runs `_serve_ready`
alone, which calls `ThreadWorker.handle`.
"""

import errno
import selectors
import socket
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter

from django.conf import settings
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from config.web_server.connections import Connection, HeadTooLarge, State
from config.web_server.long_requests import is_long
from config.web_server.refusals import (
    BUSY,
    CUT_OFF,
    FAILED,
    FILES_FULL,
    FULL,
    LATE,
    LONG_HEAD,
    ServerRefusal,
    of_error,
)
from config.web_server.shares import RUNNING_SECONDS, Shares, TooManyWaiting
from tenants.web.limits import AWAITS_BODY, BodyAwaited

RECEIVE_BYTES = 65_536
CHECK_SECONDS = 0.5  # between looks at deadlines, and signs of life
# Of one farm, in one worker: bodies that are received, and answers that clients have not taken.
FARM_BODY_BYTES, FARM_ANSWER_BYTES = 67_108_864, 1_073_741_824
SMALL_BODY_BYTES = 16_384  # is received in any case
STALLED_SECONDS = 1
MAX_HOSTS = 10_000  # whose farms are remembered
STRANGERS = ""  # the share of all hosts that are no farm's
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_moved_at = attrgetter("moved_at")


class BufferingWorker(ThreadWorker):
    """Receives requests as a whole and sends answers without a thread that waits for a client."""

    clock = staticmethod(time.monotonic)

    def init_process(self):
        threads = self.cfg.threads
        self.shares = Shares(threads, max(threads // 4, 1), self.clock)
        self.connections = {}  # as a set, the oldest first
        self.farms = {}  # by host, as the application has answered
        self.body_bytes, self.file_bytes, self.answer_bytes = Counter(), Counter(), Counter()
        self.checked_at = self.notified_at = self.clock()
        super().init_process()

    def load_wsgi(self):
        super().load_wsgi()
        self.max_body_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        self.max_file_bytes = settings.MAX_FILE_BYTES
        self.farm_file_bytes = settings.FARM_FILE_BYTES
        is_behind_proxy = settings.USE_X_FORWARDED_HOST
        self.host_headers = ("X-FORWARDED-HOST", "HOST") if is_behind_proxy else ("HOST",)
        self.wsgi = partial(self._answer, self.wsgi)

    def _answer(self, application, environ, start_response):
        """Call the application, in a thread. It may take the connection over, and says which farm
        it has answered for. Raises BodyAwaited."""
        sock = environ["gunicorn.socket"]
        environ["spoolbook.take_over"] = sock.take_over
        environ["spoolbook.received_at"] = sock.received_at
        answer = application(environ, start_response)
        if farm := environ.get("spoolbook.farm"):
            names = (f"HTTP_{name.replace('-', '_')}" for name in self.host_headers)
            host = next(filter(None, map(environ.get, names)), "")
            if len(self.farms) >= MAX_HOSTS:
                self.farms.clear()
            self.farms[host] = farm
            self.shares.known.add(farm)
        if environ.get(AWAITS_BODY):
            answer.close()
            raise BodyAwaited
        if environ["REQUEST_METHOD"] == "HEAD":  # gunicorn would warn of each body that it drops
            getattr(answer, "close", bool)()
            return []
        return self.shares.giving_way(answer)

    # --- Receiving -------------------------------------------------------------------------------

    def accept(self, listener):
        if self.nr_conns >= self.worker_connections - 1:
            self._make_room()
        try:
            sock, client = listener.accept()
        except OSError as error:  # it has gone again, or too many files are open
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, sock, client, listener.getsockname())
        self.connections[conn] = None
        self._expect_request(conn, seconds=10)

    def _make_room(self):
        """Close the connection that has waited longest for the rest of a head."""
        for conn in self.connections:
            if conn.state in (State.REQUEST, State.HEAD):
                return self._close(conn)
        return None

    def _expect_request(self, conn, seconds):
        conn.forget_request()
        conn.wait_for(State.REQUEST, self.clock(), seconds)
        if conn.received:
            self._advance(conn)
        else:
            self._watch(conn, READ, self._receive)

    def _receive(self, conn):
        if conn.state is State.ANSWER:  # few clients send anything meanwhile
            self._ignore(conn)
            return
        try:
            data = conn.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            conn.received += data
            self._advance(conn)
        elif conn.chunks and conn.missing:
            self._refuse(conn, CUT_OFF)
        elif conn.end_early():
            self._serve(conn)
        else:
            self._close(conn)

    def _advance(self, conn):
        """Serve the request if all of it is there, else wait for more of it."""
        try:
            is_ready = conn.advance(limit=self.max_body_bytes, file_limit=self.max_file_bytes)
        except HeadTooLarge:
            return self._refuse(conn, LONG_HEAD)
        except ServerRefusal as refusal:
            return self._refuse(conn, refusal)
        except OSError as error:
            self.log.error("A body can't be stored: %s", error)
            return self._refuse(conn, FULL)
        if is_ready:
            return self._serve(conn)
        if conn.body is None:
            if conn.state is State.REQUEST:
                conn.wait_for(State.HEAD, self.clock())
        elif not self._hold_body(conn):
            return self._refuse(conn, FILES_FULL if conn.held_in is self.file_bytes else FULL)
        elif conn.is_unknown:
            conn.put_off_body()
            return self._serve(conn)
        return self._watch(conn, READ, self._receive)

    def _hold_body(self, conn):
        """Count what was received of a body, of a file all that is to come; False where the farm's
        bodies are too many."""
        if conn.state is not State.BODY:
            self._release(conn)
            conn.farm = self._farm_of(conn)
            conn.wait_for(State.BODY, self.clock())
        conn.extend(conn.count(), self.clock())
        if conn.is_file and conn.is_body_wanted:
            self._hold(conn, self.file_bytes, conn.came if conn.chunks else conn.length)
        else:
            self._hold(conn, self.body_bytes, conn.came)
        is_taken = conn.is_unknown or conn.length <= SMALL_BODY_BYTES
        return is_taken or self._has_room(conn)

    def _has_room(self, conn):
        """Whether the farm's bodies are few enough. Those of which nothing came for a second give
        way, the longest waiting first: who sent them is not known yet. One file has room always."""
        is_file = conn.held_in is self.file_bytes
        most = max(self.farm_file_bytes, conn.held) if is_file else FARM_BODY_BYTES
        while conn.held_in[conn.farm] > most:
            others = [each for each in self.connections if self._is_stalled(each, conn)]
            if not others:
                return False
            refusal = FILES_FULL if is_file else FULL
            self._call(partial(self._refuse, refusal=refusal), min(others, key=_moved_at))
        return True

    def _is_stalled(self, conn, beside):
        is_receiving = conn.state is State.BODY and conn.farm == beside.farm and conn.held
        is_of_these = is_receiving and conn.held_in is beside.held_in
        return is_of_these and conn.moved_at < self.clock() - STALLED_SECONDS

    def _farm_of(self, conn):
        host = next(filter(None, map(conn.header, self.host_headers)), "")
        return self.farms.get(host, STRANGERS)

    # --- Serving ---------------------------------------------------------------------------------

    def _serve(self, conn):
        """Let a request wait for its turn."""
        conn.wait_for(State.ANSWER, self.clock())
        if conn.error:
            return self._finish(conn, self.handle(conn))
        if conn.watched != (READ, self._receive) or conn.every("UPGRADE"):  # may be taken over
            self._ignore(conn)
        conn.farm = conn.farm or self._farm_of(conn)
        given = conn.path, conn.request.query, conn.every("ACCEPT"), datetime.now(UTC).date()
        conn.is_long = not conn.is_unknown and (
            conn.length > self.max_body_bytes or is_long(*given)
        )
        if conn.is_long and self.answer_bytes[conn.farm] > FARM_ANSWER_BYTES:
            return self._refuse(conn, BUSY)
        try:
            self.shares.add(conn)
        except TooManyWaiting:
            return self._refuse(conn, BUSY)
        return self._start_thread()

    def _start_thread(self):
        if self.shares.may_start():
            self.tpool.submit(self._serve_ready)

    def wait_for_and_dispatch_events(self, timeout):
        """Give a thread to what waits also where those that run are taken to be waiting now."""
        if self.shares.is_waiting():
            timeout = min(timeout, RUNNING_SECONDS / 2)
        super().wait_for_and_dispatch_events(timeout)
        self._start_thread()

    def _serve_ready(self):
        """Serve requests, in a thread, as long as there is one for it."""
        while (conn := self.shares.take()) is not None:
            then = partial(self._finish, conn, False)
            try:
                then = partial(self._finish, conn, self.handle(conn))
            except BodyAwaited:
                then = partial(self._call, self._receive_body, conn)
            finally:
                self.shares.done(conn)
                self.method_queue.defer(then)

    def _receive_body(self, conn):
        """Go on with a request whose body the application has asked for."""
        if conn in self.connections:
            conn.ask_for_body()
            self._advance(conn)

    def handle_error(self, req, client, addr, exc):
        """Answer what can't be read, and what the application failed at; gunicorn does in HTML.

        What a client sent is not logged: what can't be read may be a password or a cookie.
        """
        refusal = of_error(exc)
        if refusal is FAILED:
            self.log.exception("Error handling request %s", getattr(req, "path", ""))
        else:
            self.log.warning("Invalid request from %s: %s", addr, type(exc).__name__)
        client.sendall(refusal.to_bytes(req))

    def _finish(self, conn, is_reusable):
        """Go on with a connection whose request was answered."""
        self._release(conn)
        if conn.sock.is_taken:
            self._forget(conn)
        else:
            conn.is_reusable = is_reusable
            self._call(self._send, conn)

    def _refuse(self, conn, refusal):
        """Answer without the application, and close."""
        self._ignore(conn)
        self._release(conn)
        conn.is_reusable = False
        conn.discard_body()
        if refusal.status >= 500:
            self.log.warning("%s: farm %r", refusal.code, conn.farm)
        conn.sock.sendall(refusal.to_bytes(conn.request))
        self._send(conn)

    # --- Sending ---------------------------------------------------------------------------------

    def _send(self, conn):
        """Send what the client takes of the answer; with the last of it, go on."""
        if conn.sock.flush():
            self._release(conn)
            self._end(conn)
            return
        if conn.state is State.CLIENT:
            conn.extend(conn.held - conn.sock.waiting, self.clock())
        else:
            conn.wait_for(State.CLIENT, self.clock())
        self._hold(conn, self.answer_bytes, conn.sock.waiting)
        self._watch(conn, WRITE, self._send)

    def _end(self, conn):
        """Wait for the next request, or for the client to close: closing first would take from it
        what it has not read (RFC 9112, 9.6)."""
        if conn.is_reusable:
            self._expect_request(conn, self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
            return
        conn.socket.shutdown(socket.SHUT_WR)
        conn.wait_for(State.CLOSE, self.clock())
        self._drain(conn)

    def _drain(self, conn):
        try:
            if not conn.socket.recv(RECEIVE_BYTES):
                return self._close(conn)
        except BlockingIOError:
            pass
        return self._watch(conn, READ, self._drain)

    # --- Connections -----------------------------------------------------------------------------

    def _watch(self, conn, event, method):
        """Let the poller call ``method`` whenever the connection is ready."""
        if conn.watched == (event, method):
            return
        register = self.poller.modify if conn.watched else self.poller.register
        register(conn.socket, event, lambda _socket: self._call(method, conn))
        conn.watched = (event, method)

    def _ignore(self, conn):
        if conn.watched:
            self.poller.unregister(conn.socket)
            conn.watched = None

    def _call(self, method, conn):
        """Call a method; what goes wrong ends the connection, and never the worker."""
        try:
            method(conn)
        except OSError as error:
            self.log.debug("Closing connection. %s", error)
            self._close(conn)
        except Exception:
            self.log.exception("Error in a connection")
            self._close(conn)

    def _close(self, conn):
        self._ignore(conn)
        self._release(conn)
        conn.sock.discard()
        conn.forget_request()
        conn.socket.close()
        self._forget(conn)

    def _forget(self, conn):
        if conn in self.connections:
            del self.connections[conn]
            self.nr_conns -= 1

    def _hold(self, conn, total, count):
        """So many bytes of a connection wait here; they count for its farm."""
        if conn.held_in is not total:
            self._release(conn)
        conn.held_in = total
        total[conn.farm] += count - conn.held
        conn.held = count

    def _release(self, conn):
        if conn.held:
            self._hold(conn, conn.held_in, 0)

    # --- Deadlines: `ThreadWorker.run` calls these at least every second -------------------------

    def notify(self):
        """Say that the worker is alive; that writes to a file, so not with each event."""
        if self.clock() >= self.notified_at + CHECK_SECONDS:
            self.notified_at = self.clock()
            super().notify()

    def murder_keepalived(self, force=False):
        """End connections that are past their deadlines, or all of them."""
        now = self.clock()
        if not force and now < self.checked_at + CHECK_SECONDS:
            return
        self.checked_at = now
        for conn in self.shares.expired():
            self._call(partial(self._refuse, refusal=BUSY), conn)
        for conn in list(self.connections):
            if force or (conn.due is not None and conn.due < now):
                self._call(self._expire, conn)

    def _expire(self, conn):
        if conn.state in (State.HEAD, State.BODY):
            self._refuse(conn, LATE)
        else:
            self._close(conn)

    def _cap_keepalive(self, deadline):
        """A worker that stops waits no longer than this for requests that have not begun."""
        for conn in self.connections:
            if conn.state in (State.REQUEST, State.HEAD):
                conn.due = min(conn.due, deadline)
