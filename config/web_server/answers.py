"""An answer on its way out: what the client does not take at once waits in memory or in a file."""

import socket
from tempfile import SpooledTemporaryFile

IN_MEMORY_BYTES = 1_048_576  # of one answer; what is longer waits in a temporary file
CHUNK_BYTES = 65_536
AT_ONCE = 16  # chunks that are sent before others get a turn


class Outgoing:
    """What gunicorn takes for the socket of a connection: writing to it never waits.

    The thread of a request writes; once it has finished, the poller sends the rest with `flush`.
    Closing is the poller's alone.
    """

    def __init__(self, sock, received):
        self._socket, self._received = sock, received
        self._file, self._start, self._end = None, 0, 0
        self.is_taken = False
        self.received_at = None  # when the head of the request was there, in seconds since 1970

    @property
    def waiting(self):
        """Bytes that the client has not taken yet."""
        return self._end - self._start

    def sendall(self, data):
        """Send as much as the client takes; the rest is for `flush`. Raises OSError."""
        if self.is_taken:
            return
        if self._file is None:
            data = memoryview(data)[self._send(data) :]
        if data:
            self._file = self._file or SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
            self._file.seek(self._end)
            self._file.write(data)
            self._end += len(data)
            self.flush()

    def flush(self):
        """Send what waits; False where some of it still does. Raises OSError."""
        for _ in range(AT_ONCE):
            if not self.waiting:
                self.discard()
                return True
            self._file.seek(self._start)
            chunk = self._file.read(CHUNK_BYTES)
            sent = self._send(chunk)
            self._start += sent
            if sent < len(chunk):
                return False
        return not self.waiting

    def discard(self):
        if self._file is not None:
            self._file.close()
        self._file, self._start, self._end = None, 0, 0

    def fileno(self):
        return self._socket.fileno()

    def take_over(self):
        """The socket, non-blocking, and the bytes that came after the request. From now on it is
        the caller's to write to and to close; the worker does neither, nor does it poll it."""
        self.is_taken = True
        return socket.socket(fileno=self._socket.detach()), bytes(self._received)

    def _send(self, data):
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    # What gunicorn calls besides: the mode of the socket stays, and the poller closes it.

    def gettimeout(self):
        return 0.0

    def setblocking(self, _flag):
        pass

    def shutdown(self, _how):
        raise OSError("The poller closes the connection.")

    def close(self):
        pass
