"""The row of a token's websockets, while several are opened and closed at once."""

import asyncio
import random
from types import SimpleNamespace

import pytest

from config.sockets.farms import FarmWebsockets

ABOUT = {"token": 7, "name": "printer"}


class Row:
    """Is written in any order by those who write at once."""

    def __init__(self):
        self.writing, self.most, self.counts = 0, 0, []
        self.fails = False

    async def within(self, _tenant, work, *args):
        if work.__name__ == "begin":
            return {}
        _process, _token, count = args
        self.writing += 1
        self.most = max(self.most, self.writing)
        for _ in range(random.randrange(5)):
            await asyncio.sleep(0)
        self.writing -= 1
        if self.fails:
            raise OSError
        self.counts.append(count)
        return None


@pytest.fixture
def row():
    return Row()


def a_farm(row):
    tenant = SimpleNamespace(schema_name="farm_x", slug="x")
    return FarmWebsockets(SimpleNamespace(key=1, reader=row), tenant)


def test_each_change_is_written_after_the_one_before(row):
    async def work():
        farm = a_farm(row)
        await asyncio.gather(*(farm.join(ABOUT) for _ in range(8)))
        await asyncio.gather(*(farm.leave(ABOUT) for _ in range(8)))
        assert farm.held == 0

    asyncio.run(work())
    assert row.counts == [*range(1, 9), *range(7, -1, -1)]
    assert row.most == 1


def test_tokens_do_not_wait_for_each_other(row):
    async def work():
        farm = a_farm(row)
        await farm.join(ABOUT)
        async with farm._writing[ABOUT["token"]]:
            await asyncio.wait_for(farm.join({"token": 8, "name": "other"}), 5)

    asyncio.run(work())
    assert row.counts == [1, 1]


def test_one_that_could_not_be_noted_counts_nowhere(row):
    async def work():
        farm = a_farm(row)
        row.fails = True
        with pytest.raises(OSError):
            await farm.join(ABOUT)
        assert (farm.held, farm.tokens[7]) == (0, 0)
        row.fails = False
        await farm.join(ABOUT)

    asyncio.run(work())
    assert row.counts == [1]
