"""The socket that `offtake serve` opens."""

from __future__ import annotations

import asyncio
import socket

from api.serving import _listening


def test_small_answers_do_not_wait_for_an_acknowledgement() -> None:
    """The body of every answer would be held back until the reader acknowledges its head, which takes 40 ms."""

    async def at_once() -> bool:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with _listening("127.0.0.1", 0) as listening:
            address = listening.getsockname()
            async with await asyncio.start_server(answer, sock=listening):
                _, writer = await asyncio.open_connection(*address)
                told = await found
                writer.close()
                await writer.wait_closed()
        return bool(told)

    assert asyncio.run(asyncio.wait_for(at_once(), 30))
