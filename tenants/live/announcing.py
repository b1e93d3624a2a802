"""Announce what a service changed, once it is committed.

What is rolled back is not announced. After the commit one statement sends all notes of the
transaction, if somebody listens to this farm; that it fails is no failure of what was done. It is
no part of the transaction: one that notifies holds a lock of the whole database through its commit.
"""

import logging
from contextlib import suppress
from dataclasses import replace

from django.db import DatabaseError, InterfaceError, connection, transaction

from tenants.live import listeners, notes
from tenants.live.listeners import IS_LISTENED
from tenants.live.notes import ACCESS, ADDED, DELETED, UPDATED, USED, Note, TooLong

logger = logging.getLogger(__name__)


SEND = f"SELECT pg_notify(%s, note) FROM unnest(%s::text[]) note WHERE {IS_LISTENED}"  # nosec B608
SEND_ANYWAY = "SELECT pg_notify(%s, %s)"
FAILURES = (DatabaseError, InterfaceError)
shapes = {}  # by resource: what makes the shape of a row that is about to be erased


def announce(resource, type=UPDATED, **which):
    """Announce it of one row, named as `Note` has it, once the transaction is committed."""
    if connection.in_atomic_block:
        _pending().add(Note(resource, type, **which))
    else:
        _send(connection.schema_name, [Note(resource, type, **which)])


def announce_row(row, type=UPDATED):
    """The same of an instance whose model says what it is ``announced_as``; of others nothing. A
    removed one is gone."""
    resource = getattr(row, "announced_as", None)
    if type == UPDATED and getattr(row, "is_removed", False):
        type = DELETED
    if resource == ACCESS:
        announce(ACCESS)
    elif resource and type == DELETED and resource in shapes:
        announce(resource, DELETED, number=row.number, was=shapes[resource](row))
    elif resource:
        announce(resource, type, id=row.pk)


def announce_access_of(schema):
    """Announce that a farm is closed, or was, from outside of it."""
    text = notes.write(schema, Note(ACCESS))
    transaction.on_commit(lambda: _execute(SEND_ANYWAY, [notes.channel_of(schema), text]))


class Notes(dict):
    """By what they are about: of each row there is one."""

    def add(self, note):
        earlier = self.pop(note.which, None)
        if earlier and earlier.type == ADDED and note.type in (UPDATED, USED):
            note = replace(note, type=ADDED)
        self[note.which] = note


class Sending(Notes):
    """Sends what a transaction changed: Django calls it after the commit, when it has called every
    OfSavepoint that was not rolled back."""

    def __init__(self, schema):
        super().__init__()
        self.schema = schema

    def __call__(self):
        if self:
            _send(self.schema, self.values())


class OfSavepoint(Notes):
    """What was changed in a savepoint, or in the transaction outside of any."""

    def __init__(self, sending):
        super().__init__()
        self.sending = sending

    def __call__(self):
        for note in self.values():
            self.sending.add(note)


def _pending():
    """What the next note is added to."""
    hooks, schema = connection.run_on_commit, connection.schema_name
    place = _last(hooks, lambda _sids, each: isinstance(each, Sending) and each.schema == schema)
    last = (set(), Sending(schema), True) if place is None else hooks.pop(place)
    savepoints, sending = set(connection.savepoint_ids), last[1]
    place = _last(
        hooks,
        lambda sids, each: (
            isinstance(each, OfSavepoint) and each.sending is sending and sids == savepoints
        ),
    )
    if place is None:
        hooks.append((savepoints, OfSavepoint(sending), True))
        place = -1
    pending = hooks[place][1]
    hooks.append(last)
    return pending


def _last(hooks, is_it):
    places = range(len(hooks) - 1, -1, -1)
    return next((n for n in places if is_it(*hooks[n][:2])), None)


def _send(schema, found):
    try:
        if not listeners.may_be_there(schema):
            return
    except FAILURES as error:
        _warn(error)
        return
    texts = []
    for note in found:
        with suppress(TooLong):
            texts.append(notes.write(schema, note))
    _execute(SEND, [notes.channel_of(schema), texts])


def _execute(statement, params):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
    except FAILURES as error:
        _warn(error)


def _warn(error):
    logger.warning("What changed was not announced: %s", " ".join(str(error).split()))
