"""The websockets of one farm, and what they are told."""

import asyncio
import logging
from collections import Counter, defaultdict

from config.sockets import reading
from config.sockets.clients import AGAIN, LOST_ACCESS, framed
from config.sockets.reading import FAILURES, FarmGone
from production.spoolman import events
from tenants.live.notes import ACCESS, ADDED, DELETED, USED, Note, channel_of
from tenants.web.websockets import FARM_IS_FULL, MAX_OF_FARM, MAX_OF_ONE, ONE_IS_FULL

logger = logging.getLogger(__name__)

USE_SECONDS = 1  # between two times that a spool is told to be used


class Full(Exception):
    """There are as many websockets as there may be; ``answer`` is for the worker."""

    def __init__(self, text, answer):
        super().__init__(text)
        self.answer = answer


class FarmWebsockets:
    """``process`` holds it, ``tenant`` is its row."""

    def __init__(self, process, tenant):
        self.process, self.tenant, self.key = process, tenant, process.key
        self.channel = channel_of(tenant.schema_name)
        self.listeners = defaultdict(set)  # clients by topic
        self.clients = set()
        self.held = 0  # websockets, with those that are about to be opened
        self.is_over, self.turn = False, asyncio.Lock()
        self.versions = {}
        self.shares, self.tokens = Counter(), Counter()  # tokens: as they are written
        self._writing = defaultdict(asyncio.Lock)  # by token
        self._pending, self._used_at, self._later = [], {}, set()
        self._is_sending = self._is_checking = False

    # --- Clients ---------------------------------------------------------------------------------

    async def join(self, about):
        """Make ready for one more websocket, of a token or a session; False where the farm is
        over. Raises Full, FAILURES."""
        token = about.get("token")
        async with self.turn:
            if self.is_over:
                return False
            self._refuse_if_full(about)
            if not self.held:
                self.versions = await self._within(reading.begin, self.key)
            self.held += 1
            self.shares[_share(about)] += 1
        if token is not None:
            try:
                await self._note(reading.note_opened, token, 1)
            except BaseException:
                self._give_back(about)
                raise
        return True

    def _refuse_if_full(self, about):
        if self.held >= MAX_OF_FARM:
            text = f"the farm {self.tenant.slug} has {MAX_OF_FARM}, as many as it may."
            raise Full(text, FARM_IS_FULL)
        if self.shares[_share(about)] >= MAX_OF_ONE:
            kind = "token" if "token" in about else "session of"
            text = f"the {kind} {about['name']!r} of the farm {self.tenant.slug} has {MAX_OF_ONE}."
            raise Full(text, ONE_IS_FULL)

    def _give_back(self, about):
        self.held -= 1
        self.shares[_share(about)] -= 1
        self.shares += Counter()  # without those that have none

    async def leave(self, about):
        """One fewer, which was open or has never come to be."""
        self._give_back(about)
        token = about.get("token")
        if token is None or self.process.key != self.key:
            return
        try:
            await self._note(reading.note_closed, token, -1)
        except FAILURES as error:
            logger.warning("Not noted that a websocket is closed: %s", error)

    async def _note(self, work, token, change):
        """One after another: a row that is written later says what is so later."""
        async with self._writing[token]:
            self.tokens[token] += change
            try:
                await self._within(work, self.key, token, self.tokens[token])
            except BaseException:
                if change > 0:  # it does not come to be
                    self.tokens[token] -= change
                raise

    async def end(self, channels):
        """Listen no more, where there is no websocket. Raises Lost, FAILURES."""
        async with self.turn:
            if self.held:
                return
            self.is_over = True
            await channels.unlisten(self.channel)
            await self._within(reading.end, self.key)

    def add(self, client):
        self.clients.add(client)
        for topic in client.topics:
            self.listeners[topic].add(client)

    def remove(self, client):
        """It is closed."""
        self.clients.discard(client)
        for topic in client.topics:
            self.listeners[topic].discard(client)
            if not self.listeners[topic]:
                del self.listeners[topic]
        self.process.start(self.leave(client.about))

    def close(self, code, reason=""):
        for client in list(self.clients):
            client.close(code, reason)

    # --- Telling ---------------------------------------------------------------------------------

    def hear(self, note):
        """A note has come, in the order of the commits."""
        if note.resource == ACCESS:
            self.process.start(self.check())
        elif note.type == USED and self._is_put_off(note):
            return
        elif self._is_wanted(note):
            self._pending.append(note)
            if not self._is_sending:
                self.process.start(self._send_pending())

    def _is_wanted(self, note):
        return any(not topic or topic[0] == note.resource for topic in self.listeners)

    def _is_put_off(self, note):
        """Whether the spool was told a moment ago: it is told a moment later, as it is then."""
        loop = asyncio.get_running_loop()
        due = self._used_at.get(note.number, -USE_SECONDS) + USE_SECONDS
        if loop.time() >= due:
            self._used_at[note.number] = loop.time()
            return False
        if note.number not in self._later:
            self._later.add(note.number)
            loop.call_at(due, self._hear_later, note)
        return True

    def _hear_later(self, note):
        self._later.discard(note.number)
        self._used_at.pop(note.number, None)
        self.hear(note)

    async def _send_pending(self):
        self._is_sending = True
        try:
            while self._pending:
                notes, self._pending = self._pending, []
                for event in await self._within(events.of_notes, notes):
                    self._send(event)
        except Exception:
            logger.exception("What changed can't be read: clients read anew")
            self._pending = []
            self.close(AGAIN, "Read all anew.")
        finally:
            self._is_sending = False

    def _send(self, event):
        if event.version is not None:
            before = self.versions[event.resource].get(event.number)
            if event.is_use and before == event.version:
                return  # it was told by what the report led to
            self.versions[event.resource][event.number] = event.version
        elif event.number is not None:
            self.versions[event.resource].pop(event.number, None)
        reached, frames = set(), {}
        for topic in event.topics:
            for client in list(self.listeners.get(topic, ())):
                if client not in reached:
                    reached.add(client)
                    content = event.bare if client.is_bare else event.frame
                    if client.is_bare not in frames:
                        frames[client.is_bare] = framed(content)
                    client.send(frames[client.is_bare])

    # --- Looking after it ------------------------------------------------------------------------

    async def check(self):
        """Close the websockets of who has no access any more, and tell what nobody told."""
        if self._is_checking:
            self._is_checking = "again"
            return
        self._is_checking = True
        while self._is_checking:
            self._is_checking = True
            try:
                await self._check()
            except FarmGone:
                self.close(AGAIN, "The farm is closed.")
            except FAILURES as error:
                logger.warning("A farm can't be looked after: %s", error)
                self.close(AGAIN, "Read all anew.")
            self._is_checking = self._is_checking == "again"

    async def _check(self):
        self.tenant = await self.process.reader.farm(self.tenant.pk)
        seen = {resource: dict(known) for resource, known in self.versions.items()}
        found = await self._within(reading.check, self.key, list(self.clients))
        if found.is_new:  # the farm was restored, say
            self.versions = found.versions
            self.close(AGAIN, "Read all anew.")
            return
        for client in found.lost:
            client.close(LOST_ACCESS, "No access any more.")
        for note in missed(seen, found.versions):
            known = self.versions[note.resource].get(note.number)
            if known == seen[note.resource].get(note.number):  # else it was sent meanwhile
                self.hear(note)
        loop = asyncio.get_running_loop()
        is_recent = loop.time() - USE_SECONDS
        self._used_at = {which: at for which, at in self._used_at.items() if at > is_recent}

    async def _within(self, work, *args):
        return await self.process.reader.within(self.tenant, work, *args)


def _share(about):
    """Whose it is: neither a token nor a session may have all of a farm."""
    return about.get("token"), about.get("session")


def missed(seen, versions):
    """Notes of what is otherwise than it was seen: a worker may have been killed after a commit,
    and what is changed by SQL nobody tells."""
    for resource, now in versions.items():
        before = seen.get(resource, {})
        for number, version in now.items():
            if number not in before:
                yield Note(resource, ADDED, number=number)
            elif before[number] != version:
                yield Note(resource, number=number)
        for number in before.keys() - now.keys():
            yield Note(resource, DELETED, number=number, was={"id": number})
