"""Where runs are remembered beyond the process that serves them.

A store keeps runs, their messages, idempotency keys, and orders for the process that owns a
run. `sqlite.py` is shared by the processes of one machine, `redis.py` by several machines.
"""

from dataclasses import dataclass
from typing import Any

from ..errors import TooBusy

LIVE = "working"


class StoreError(TooBusy):
    """The store cannot be asked. What is in memory goes on without it."""

    def __init__(self):
        super().__init__(
            "The store of runs does not answer: Redis is away, or the disk of DATA_DIR is full. "
            "Ask again in a moment; GET /readyz says more.",
            retry_after=2,
        )


@dataclass(frozen=True)
class Kept:
    """A run as the store has it. While it is live, its messages say more than its `summary`."""

    id: str
    kind: str
    owner: str  # the process that serves it
    state: str
    created: float
    length: int  # messages
    asked: dict[str, Any]
    summary: dict[str, Any] | None  # once it has ended

    @property
    def ended(self):
        return self.state != LIVE


# What the one writer is given, in order.


@dataclass(frozen=True)
class Begin:
    id: str
    kind: str
    created: float
    asked: dict[str, Any]


@dataclass(frozen=True)
class Frames:
    id: str
    first: int  # the number of the first of them
    frames: list[bytes]


@dataclass(frozen=True)
class End:
    id: str
    state: str
    summary: dict[str, Any]


@dataclass(frozen=True)
class Forget:
    id: str


def open_store(settings):
    if settings.redis_url:
        from .redis import RedisStore

        return RedisStore(settings)
    from .sqlite import SqliteStore

    return SqliteStore(settings)


def shared_answers(settings):
    """Where answers are kept for other machines, or None."""
    if not settings.redis_url:
        return None
    from .redis import RedisAnswers

    return RedisAnswers(settings.redis_url)
