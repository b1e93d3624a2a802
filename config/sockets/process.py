"""The process: takes connections, hears of changes, and looks after both."""

import asyncio
import logging
import resource
import signal
import uuid
from contextlib import suppress

from django.conf import settings
from django.db import connection

from config.sockets import handing_over, reading
from config.sockets.channels import Channels, Lost
from config.sockets.clients import AGAIN, PING_SECONDS, Websocket
from config.sockets.farms import FarmWebsockets, Full
from config.sockets.handing_over import NotTaken
from tenants.accounts.models import SocketProcess
from tenants.live import listeners, notes
from tenants.schemas import logins

logger = logging.getLogger(__name__)

CHECK_SECONDS = 60
# Web servers of other machines know by then that somebody listens to a farm.
FIRST_CHECK_SECONDS = listeners.STEP + 1
SEEN_SECONDS = SocketProcess.STEP.total_seconds()
CLEAR_SECONDS = 2 * SocketProcess.LASTS.total_seconds()
AWAY_SECONDS = 1  # until the database is looked for again
LAST_SECONDS = 3  # for clients to close, when the process ends
MAX_FILES = 65_536


async def run():
    """Hold websockets until SIGINT or SIGTERM arrives. The database may be away meanwhile."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    _open_many_files()
    listener = handing_over.listen(settings.SOCKETS)
    process = Process(listeners.Noted(settings.SOCKETS))
    with listener:
        process.start(process.keep_listening())
        process.start(handing_over.accept(listener, process.take, process.start))
        process.start(process.keep_looking())
        process.start(process.keep_pinging())
        process.start(process.keep_being_seen())
        process.start(process.keep_clearing())
        await stopping.wait()
    await process.end()


class Process:
    """``key`` is its name in farms, another one whenever the database was away."""

    def __init__(self, noted):
        self.reader, self.farms, self._noted = reading.Reader(), {}, noted
        self.key = self.channels = None
        self._beginning, self._lost = {}, asyncio.Event()
        self._tasks = set()

    def start(self, work):
        """Begin a task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("The process of websockets failed", exc_info=error)

    # --- Connections -----------------------------------------------------------------------------

    async def take(self, about):
        """Make ready for a websocket; its protocol. Raises NotTaken where it can't be had."""
        try:
            farm = await self._farm(about["farm"])
            while not await farm.join(about):
                farm = await self._farm(about["farm"])
        except (Lost, Full, reading.FarmGone, *reading.FAILURES) as error:
            logger.warning("A websocket was not taken: %s", str(error) or type(error).__name__)
            raise NotTaken(getattr(error, "answer", b"")) from error
        return Websocket(farm, about)

    async def _farm(self, pk):
        """The FarmWebsockets, which is listened to. Raises Lost, FarmGone, FAILURES."""
        if self.channels is None:
            raise Lost("The database is away.")
        if pk not in self._beginning:
            self._beginning[pk] = asyncio.ensure_future(self._begin(pk))
        try:
            return await asyncio.shield(self._beginning[pk])
        except BaseException:
            self._beginning.pop(pk, None)
            raise

    async def _begin(self, pk):
        channels = self.channels
        farm = FarmWebsockets(self, await self.reader.farm(pk))
        self._hold(farm)
        try:
            await channels.listen(farm.channel)
            if self.channels is not channels:
                raise Lost("The connection was lost.")
        except BaseException:
            self._release(farm)
            raise
        self.start(self._look_soon(farm))
        return farm

    def _hold(self, farm):
        self.farms[farm.channel] = farm
        self._note()

    def _release(self, *farms):
        for farm in farms:
            if self.farms.get(farm.channel) is farm:
                del self.farms[farm.channel]
        self._note()

    def _note(self):
        self._noted.set(farm.tenant.schema_name for farm in self.farms.values())

    async def _look_soon(self, farm):
        """Tell what other machines changed before they knew that somebody listens."""
        await asyncio.sleep(FIRST_CHECK_SECONDS)
        if self.farms.get(farm.channel) is farm:
            await self._look_after(farm)

    async def _look_after(self, farm):
        if farm.held:
            await farm.check()
            return
        try:
            await farm.end(self.channels)
        except (Lost, *reading.FAILURES) as error:
            logger.warning("Not noted that nobody listens: %s", error)
        finally:
            if farm.is_over and self.farms.get(farm.channel) is farm:
                self._release(farm)
                self._beginning.pop(farm.tenant.pk, None)

    # --- The database ----------------------------------------------------------------------------

    async def keep_listening(self):
        """Be connected to the database; when that was lost, every client has to read anew."""
        logins.use(logins.WEB)
        parameters = connection.get_connection_params()
        while True:
            self._lost.clear()
            channels = Channels(parameters, on_note=self._hear, on_lost=self._lost.set)
            try:
                await channels.open()
            except Lost as error:
                logger.warning("The database is away: %s", error)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            self.key, self.channels = uuid.uuid4(), channels
            await self._lost.wait()
            logger.warning("The connection to the database was lost: clients read anew.")
            self._let_go()

    def _let_go(self):
        """Close every websocket, and know no farm any more."""
        farms = list(self.farms.values())
        self._release(*farms)
        self.channels, self._beginning = None, {}
        for farm in farms:
            farm.close(AGAIN, "Read all anew.")

    def _hear(self, channel, text):
        farm = self.farms.get(channel)
        note = farm and notes.read(farm.tenant.schema_name, text)
        if note:
            farm.hear(note)
        elif farm:
            logger.warning("A note to the farm %s was not signed here.", farm.tenant.slug)

    async def keep_looking(self):
        """Every minute, after every farm."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                if self.channels is not None:
                    await self.channels.check()
            except Lost:
                continue
            for farm in list(self.farms.values()):
                self.start(self._look_after(farm))

    async def keep_being_seen(self):
        """Let farms know that their websockets are still held."""
        while True:
            await asyncio.sleep(SEEN_SECONDS)
            for farm in list(self.farms.values()):
                with suppress(*reading.FAILURES):  # it is looked after within the minute
                    await self.reader.within(farm.tenant, reading.note_seen, farm.key)

    async def keep_clearing(self):
        """Note in every farm what killed processes left, from the start on."""
        while True:
            try:
                for tenant in await self.reader.farms():
                    await self._clear(tenant)
            except reading.FAILURES as error:
                logger.warning("Farms can't be cleared of lost websockets: %s", error)
            await asyncio.sleep(CLEAR_SECONDS)

    async def _clear(self, tenant):
        try:
            await self.reader.within(tenant, reading.clear)
        except reading.FAILURES as error:  # it was dropped meanwhile, say
            logger.warning("Not cleared of lost websockets: %s: %s", tenant.slug, error)

    async def keep_pinging(self):
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_SECONDS)
            for farm in list(self.farms.values()):
                for client in list(farm.clients):
                    client.ping(loop.time())

    async def end(self):
        """Ask clients to come again, and be known nowhere any more."""
        for task in list(self._tasks):
            task.cancel()
        farms = list(self.farms.values())
        self._release(*farms)
        for farm in farms:
            farm.close(AGAIN, "The server is restarted.")
        try:
            async with asyncio.timeout(LAST_SECONDS):
                for farm in farms:
                    await self.reader.within(farm.tenant, reading.end, self.key)
                while any(farm.clients for farm in farms):
                    await asyncio.sleep(0.05)
        except (TimeoutError, *reading.FAILURES):
            pass
        if self.channels is not None:
            self.channels.close()
        self.reader.close()


def _open_many_files():
    """A websocket is a file; often 1,024 are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
