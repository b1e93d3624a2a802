"""What PostgreSQL notifies: one connection, which listens to the channels of farms."""

import asyncio

import psycopg
from psycopg.pq import ExecStatus

SECONDS = 5
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
PARAMETERS = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "options")


class Lost(Exception):
    """The connection was lost, or never made."""


class Channels:
    """``on_note(channel, text)`` is called for each note, ``on_lost()`` once."""

    def __init__(self, parameters, *, on_note, on_lost):
        given = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
        self._parameters = given | KEEPALIVE | {"connect_timeout": SECONDS}
        self._on_note, self._on_lost = on_note, on_lost
        self._connection = self._descriptor = self._done = None
        self._turn = asyncio.Lock()

    async def open(self):
        """Raises Lost."""
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                **self._parameters, autocommit=True
            )
        except psycopg.Error as error:
            raise Lost(" ".join(str(error).split())) from error
        # From here on libpq is asked itself: psycopg waits for notes or for a result, not for both.
        loop = asyncio.get_running_loop()
        self._descriptor = self._libpq.socket
        loop.add_reader(self._descriptor, self._read)

    async def listen(self, channel):
        """Raises Lost."""
        await self._execute(f'LISTEN "{channel}"')

    async def unlisten(self, channel):
        await self._execute(f'UNLISTEN "{channel}"')

    async def check(self):
        """Raises Lost."""
        await self._execute("SELECT 1")

    def close(self):
        connection, self._connection = self._connection, None
        if connection is None:
            return
        asyncio.get_running_loop().remove_reader(self._descriptor)
        connection.pgconn.finish()
        if self._done and not self._done.done():
            self._done.set_exception(Lost("The connection was lost."))

    @property
    def _libpq(self):
        return self._connection.pgconn

    async def _execute(self, statement):
        async with self._turn:
            if self._connection is None:
                raise Lost("The connection was lost.")
            self._done = asyncio.get_running_loop().create_future()
            try:
                self._libpq.send_query(statement.encode())
                await asyncio.wait_for(self._done, SECONDS)
            except (psycopg.Error, TimeoutError) as error:
                self._lose()
                raise Lost(str(error)) from error

    def _read(self):
        try:
            self._libpq.consume_input()
            while note := self._libpq.notifies():
                self._on_note(note.relname.decode(), note.extra.decode())
            self._finish()
        except psycopg.Error:
            self._lose()

    def _finish(self):
        """Take the result of the statement that was sent. Raises psycopg.Error."""
        while not self._libpq.is_busy() and (result := self._libpq.get_result()) is not None:
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
            if self._done and not self._done.done():
                self._done.set_result(None)

    def _lose(self):
        if self._connection is not None:
            self.close()
            self._on_lost()
