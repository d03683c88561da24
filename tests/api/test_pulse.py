"""What everybody who listens shares: nobody misses an event, and many listeners cost no more than one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from api.pulse import TAIL, Pulse
from api.store import Event
from models.errors import StoreUnusable


class Kept:
    """A store of one run whose events come as it is told."""

    def __init__(self) -> None:
        self.last, self.over, self.asked, self.fails = 0, False, Counter[str](), False

    def pulse(self) -> dict[str, int]:
        self.asked["pulse"] += 1
        if self.fails:
            raise StoreUnusable("It is gone.")
        return {} if self.over else {"a": self.last}

    def events(self, run_id: str, after: int) -> list[Event]:
        self.asked["events"] += 1
        return [Event(n, "progress", {}) for n in range(after + 1, self.last + 1)] if run_id == "a" else []


async def listen(pulse: Pulse, kept: Any, heard: list[int], after: int = 0) -> None:
    began = time.monotonic()
    while True:
        unfinished = "a" in await pulse.look(began)
        news = await pulse.news("a", after) if unfinished else kept.events("a", after)
        heard += [event.number for event in news]
        after = heard[-1] if heard else after
        if not unfinished:
            return
        await anyio.sleep(0.001)


def test_every_listener_hears_everything_once() -> None:
    """A page would miss the end of a run or show events twice; or two hundred pages would keep the store from everything else."""
    kept = Kept()
    pulse, heard = Pulse(kept), [list[int]() for _ in range(100)]  # type: ignore[arg-type]

    async def happen() -> None:
        for _ in range(30):
            kept.last += 7
            await anyio.sleep(0.01)
        kept.last += 1
        kept.over = True

    async def all_of_it() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(happen)
            for i, one in enumerate(heard):
                tasks.start_soon(listen, pulse, kept, one, i % 3)

    anyio.run(all_of_it)
    assert heard == [list(range(i % 3 + 1, 212)) for i in range(100)]
    assert kept.asked["events"] - len(heard) < 150, "apart from the last look of each"


def test_who_comes_late_hears_the_beginning() -> None:
    """A page that is opened after an hour would begin in the middle; one for a forgotten run would break."""
    kept = Kept()
    pulse = Pulse(kept)  # type: ignore[arg-type]
    kept.last = 5 * TAIL

    async def ask() -> None:
        await pulse.look(time.monotonic())
        assert len(await pulse.news("a", 5 * TAIL - 3)) == 3
        assert [event.number for event in await pulse.news("a", 0)] == list(range(1, 5 * TAIL + 1))
        assert await pulse.news("a", 5 * TAIL) == []
        assert await pulse.news("b", 0) == []

    anyio.run(ask)


def test_a_new_run_is_never_taken_for_a_finished_one() -> None:
    """`Prefer: wait` would answer at once, and a page would end, because what is remembered is from before the run."""
    kept = Kept()
    pulse = Pulse(kept)  # type: ignore[arg-type]
    kept.over = True

    async def ask() -> None:
        assert await pulse.look(time.monotonic()) == {}
        kept.over = False
        assert await pulse.look(time.monotonic()) == {"a": 0}

    anyio.run(ask)


async def follow(pulse: Pulse, heard: list[int]) -> None:
    """As an event stream does; notes the last event each time that it is woken."""
    began, after = time.monotonic(), 0
    while True:
        ending = pulse.ended
        unfinished = "a" in await pulse.look(began)
        for event in await pulse.news("a", after):
            after = event.number
        heard.append(after)
        if ending or not unfinished:
            return
        await pulse.change("a", after)


def followed(pulse: Pulse, happen: Callable[[Callable[[int], Awaitable[None]]], Awaitable[None]]) -> list[list[int]]:
    """What fifty followers noted while something happened. `happen` is given a way to wait until each of them has heard the event of a number."""
    heard = [list[int]() for _ in range(50)]

    async def until(number: int) -> None:
        with anyio.fail_after(30):
            while not all(one and one[-1] == number for one in heard):
                await anyio.sleep(0.01)

    async def all_of_it() -> None:
        async with anyio.create_task_group() as heart:
            heart.start_soon(pulse.beat)
            async with anyio.create_task_group() as followers:
                for one in heard:
                    followers.start_soon(follow, pulse, one)
                await happen(until)
            heart.cancel_scope.cancel()

    anyio.run(all_of_it)
    return heard


def test_who_listens_is_woken_by_news_only() -> None:
    """Two hundred open pages would keep the server busy while nothing happens, or miss something, or wait for ever for the end of a run."""
    kept = Kept()
    kept.last = 1
    pulse = Pulse(kept)  # type: ignore[arg-type]

    async def happen(until: Callable[[int], Awaitable[None]]) -> None:
        for number in (1, 4):
            await until(number)
            kept.last += 3
        await until(7)
        asked = kept.asked["pulse"]
        while kept.asked["pulse"] < asked + 3:  # beats in which nothing happens
            await anyio.sleep(0.01)
        kept.over = True

    assert followed(pulse, happen) == [[1, 4, 7, 7]] * 50


def test_who_waits_is_woken_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would close the event stream of a run that searches for minutes without news."""
    monkeypatch.setattr("api.pulse.PING_SECONDS", 0.0)
    kept = Kept()
    kept.last = 1
    pulse = Pulse(kept)  # type: ignore[arg-type]

    async def happen(until: Callable[[int], Awaitable[None]]) -> None:
        await until(1)
        asked = kept.asked["pulse"]
        while kept.asked["pulse"] < asked + 3:
            await anyio.sleep(0.01)
        kept.over = True

    assert all(set(one) == {1} and len(one) > 3 for one in followed(pulse, happen))


@pytest.mark.parametrize("end", ["the server ends", "the store fails"])
def test_nobody_sleeps_through_an_end(end: str) -> None:
    """A server that ends would wait for its event streams until it is killed; a page would wait for ever on a store that is gone."""
    kept = Kept()
    kept.last = 1
    pulse = Pulse(kept)  # type: ignore[arg-type]

    async def happen(until: Callable[[int], Awaitable[None]]) -> None:
        await until(1)
        if end == "the server ends":
            pulse.ended = True
            return
        kept.fails = True

    try:
        assert followed(pulse, happen) == [[1, 1]] * 50
    except* StoreUnusable:
        assert end == "the store fails"
    else:
        assert end == "the server ends"
