"""Fixtures that crash when they are told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.backends.place import Boom

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from tests.backends.words import Words


class Fixtures:
    """Makers of fixtures that tell `events` how they end."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.events: list[str] = []
        self.raised: set[str] = set()

    def _named(self, name: str, generator: Any) -> Callable[[], AsyncGenerator[Any, None]]:
        generator.__name__ = name
        made: Callable[[], AsyncGenerator[Any, None]] = generator
        return made

    def pool(self, name: str = "pool") -> Callable[[], AsyncGenerator[Any, None]]:
        """Hold a task group; its value is an event that makes its task crash."""
        words, events = self.words, self.events

        async def pool() -> AsyncGenerator[Any, None]:
            try:
                async with words.task_group() as group:
                    crash = words.event()

                    async def work() -> None:
                        await crash.wait()
                        if not leaving:
                            self.raised.add(name)
                            raise Boom(name)

                    leaving: list[bool] = []
                    group.start_soon(work)
                    yield crash
                    events.append(f"{name} left")
                    leaving.append(True)
                    crash.set()
            except BaseException:
                events.append(f"{name} crashed")
                raise

        return self._named(name, pool)

    def limit(self, name: str = "limit") -> Callable[[], AsyncGenerator[Any, None]]:
        """Hold a timeout; its value lets the time be over."""
        words, events = self.words, self.events

        async def limit() -> AsyncGenerator[Any, None]:
            try:
                async with words.timeout() as expire:
                    yield expire
                    events.append(f"{name} left")
            except words.too_slow:
                events.append(f"{name} expired")
                raise

        return self._named(name, limit)

    def absorber(self, name: str = "absorber") -> Callable[[], AsyncGenerator[Any, None]]:
        """Hold a cancel scope that absorbs; its value cancels it."""
        words, events = self.words, self.events

        async def absorber() -> AsyncGenerator[Any, None]:
            async with words.scope() as cancel:
                yield cancel
                events.append(f"{name} left")
                return
            events.append(f"{name} absorbed")

        return self._named(name, absorber)

    def plain(
        self, name: str = "plain", *, raises: Exception | None = None, swallows: bool = False
    ) -> Callable[[], AsyncGenerator[Any, None]]:
        """Hold nothing; say how it is left, and make something else of a cancellation if asked."""
        words, events = self.words, self.events

        async def plain() -> AsyncGenerator[Any, None]:
            await words.checkpoint()
            try:
                yield name
            except BaseException as exc:
                events.append(f"{name} cancelled")
                if raises is not None:
                    raise raises from exc
                if not swallows:
                    raise
            else:
                await words.checkpoint()
                events.append(f"{name} left")

        return self._named(name, plain)

    async def waits(self, start: Callable[[], Any] | None = None, name: str = "step") -> None:
        """Start something, and wait until it is cancelled for it."""
        try:
            if start is not None:
                start()
            await self.words.forever()
        finally:
            self.events.append(f"{name} ended")
