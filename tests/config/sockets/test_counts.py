"""The row of a token's websockets, while several are opened and closed at once."""

import asyncio
import random
from types import SimpleNamespace

import pytest

from config.sockets import farms, process
from config.sockets.farms import FarmWebsockets, Full
from tenants.web import websockets
from tenants.web.websockets import FARM_IS_FULL, ONE_IS_FULL, TooManyWebsockets

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


def test_a_session_has_its_share_and_a_farm_its_total(row, monkeypatch):
    monkeypatch.setattr(farms, "MAX_OF_ONE", 2)
    monkeypatch.setattr(farms, "MAX_OF_FARM", 3)
    ida, ben = ({"session": name, "name": name} for name in ("ida", "ben"))

    async def work():
        farm = a_farm(row)
        await farm.join(ida)
        await farm.join(ida)
        with pytest.raises(Full, match="the session of 'ida' of the farm x has 2") as one:
            await farm.join(ida)
        await farm.join(ben)
        with pytest.raises(Full, match="the farm x has 3") as total:
            await farm.join(ben)
        assert (one.value.answer, total.value.answer) == (ONE_IS_FULL, FARM_IS_FULL)
        await farm.leave(ida)
        await farm.join(ida)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("answer", "about", "text", "limit"),
    [
        (ONE_IS_FULL, {"token": 7}, "The token x has 50 websockets open", 50),
        (ONE_IS_FULL, {"session": "s"}, "This sign-in has 50 websockets open", 50),
        (FARM_IS_FULL, {"token": 7}, "This farm has 1000 websockets open", 1000),
    ],
)
def test_a_refusal_names_the_limit(answer, about, text, limit):
    with pytest.raises(TooManyWebsockets, match=text) as refused:
        websockets._refuse_if_full(answer, about | {"name": "x"})
    assert refused.value.numbers == {"limit": limit, "retry_after_seconds": 30}


@pytest.mark.parametrize("is_held", [True, False])
def test_a_farm_is_looked_after_once_other_machines_know_that_somebody_listens(
    monkeypatch, is_held
):
    monkeypatch.setattr(process, "FIRST_CHECK_SECONDS", 0)
    looked_at = []

    class Farm:
        channel, held, tenant = "x", 1, SimpleNamespace(schema_name="farm_x")

        async def check(self):
            looked_at.append(self)

    async def work():
        holder, farm = process.Process(SimpleNamespace(set=lambda _schemas: None)), Farm()
        holder.farms = {"x": farm if is_held else Farm()}
        await holder._look_soon(farm)
        assert looked_at == ([farm] if is_held else [])

    asyncio.run(work())
