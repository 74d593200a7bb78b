"""How the calls of the asyncio face are awaited: coroutines around work that runs on threads of the extension module."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from ._native import AsyncDatabase, AsyncTransaction

P = ParamSpec("P")
T = TypeVar("T")


class Call(Protocol):
    """Work for the core, of the extension module."""

    def start(self, event_loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[None], /) -> None:
        """Starts the work. When it is over, `waiter` is told."""

    def cancel(self, waiter: asyncio.Future[None] | None = None, /) -> bool:
        """Gives the work up where it next waits. Says whether `waiter` is going to be told of it."""

    def result(self) -> Any:
        """What the work gave."""


class Attempts(Protocol):
    """The core's retry loop, of the extension module."""

    async def turn(self, exception: Exception | None, /) -> AsyncTransaction | None:
        """The transaction of the next attempt, or `None` when one has committed; `exception` is what the last body has raised."""


async def drive(call: Call) -> Any:
    """Does the work of a call; a task that is cancelled goes on when the work is given up, with all that it held."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    call.start(loop, over)
    try:
        await over
    except asyncio.CancelledError:
        given_up = loop.create_future()
        if call.cancel(given_up):
            await given_up
        raise
    except BaseException:
        call.cancel()
        raise
    return call.result()


async def ready(value: T) -> T:
    """A value that is there already."""
    return value


async def run(attempts: Attempts, body: Callable[[AsyncTransaction], Awaitable[T]]) -> T:
    """Runs `body` in turns with the core's retry loop: each turn is one attempt."""
    transaction = await attempts.turn(None)
    while transaction is not None:
        failure = None
        try:
            result = await body(transaction)
        except Exception as exception:
            failure = exception
        except BaseException:
            transaction.cancel()
            raise
        transaction = await attempts.turn(failure)
    return result


def transactional(
    database: AsyncDatabase, body: Callable[Concatenate[AsyncTransaction, P], Awaitable[T]]
) -> Callable[P, Coroutine[Any, Any, T]]:
    """An async function that runs `body` in a transaction of `database`, with retries, and gives it the transaction first."""

    @functools.wraps(body)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await database.run(lambda transaction: body(transaction, *args, **kwargs))

    return run


class Opening:
    """A database that is being opened: to be awaited, or for `async with`, which closes it."""

    __slots__ = ("_database", "_open")

    def __init__(self, open: Coroutine[Any, Any, AsyncDatabase]) -> None:
        self._open = open
        self._database: AsyncDatabase | None = None

    def __await__(self) -> Generator[Any, None, AsyncDatabase]:
        return self._open.__await__()

    async def __aenter__(self) -> AsyncDatabase:
        self._database = await self._open
        return self._database

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._database is not None:
            await self._database.close()
