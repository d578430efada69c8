"""Work that many wait for at once and that has to begin after each of them came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from server.ending import end


class Rounds:
    """Runs ``work`` one round after the other, as long as anybody waits.

    A round that was under way when somebody came proves nothing to them: it may have looked before what they know of
    happened. So they wait for the next, together with all who came meanwhile.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._work = work
        self._name = name
        self._waiting: list[asyncio.Future[None]] = []
        self._runner: asyncio.Task[None] | None = None

    async def next(self) -> None:
        """Return when a round that began after now has ended. Raises what ``work`` raises.

        A round is nobody's own: a caller who gives up leaves it to the others.
        """
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name=self._name)
        await mine

    async def close(self, seconds: float) -> None:
        """Let what is under way end, ``seconds`` at most."""
        if self._runner is not None:
            await asyncio.wait({self._runner}, timeout=seconds)
            await end(self._runner)

    async def _run(self) -> None:
        while self._waiting:
            those, self._waiting = self._waiting, []
            failure: BaseException | None = None
            try:
                await self._work()
            except BaseException as error:  # theirs to handle, whatever it is; they must not wait for ever
                failure = error
            ended = failure is not None and not isinstance(failure, Exception)  # it was cancelled, or the process ends
            if ended:
                those, self._waiting = those + self._waiting, []
            for one in those:
                if one.done():
                    continue
                if failure is None:
                    one.set_result(None)
                elif ended:
                    one.cancel()
                else:
                    one.set_exception(failure)
            if ended and failure is not None:
                raise failure
