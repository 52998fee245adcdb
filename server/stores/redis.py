"""Runs in a Redis that several machines share.

A run's messages are a stream whose entries have the messages' own numbers, so whoever
resumes reads from where it was. A process is alive as long as it says so every second; what
belongs to one that fell silent is taken over by another.
"""

import contextlib
import json
import logging

import redis

from . import LIVE, Begin, End, Forget, Frames, Kept, StoreError

log = logging.getLogger(__name__)

PREFIX = "parallax:"
TIMEOUT_S = 2.0
ALIVE_S = 3.5  # said every second; a run is known to be interrupted within five
BLOCK_S = 0.25
DAY_S = 86400
AT_ONCE = 1000


def connect(url):
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)


def name(*parts):
    return PREFIX + ":".join(parts)


class RedisStore:
    def __init__(self, settings):
        self._redis = connect(settings.redis_url)
        self._retention_s = max(1, round(settings.run_retention_s))
        self._owner = None

    def open(self, owner):
        self._owner = owner
        self.beat(owner)

    def close(self):
        with translated():
            self._redis.delete(name("alive", self._owner))
            self._redis.close()

    def sent(self, id):
        return None  # nothing that other machines could read would be quick enough

    # -- the writer

    def write(self, owner, changes):
        with translated(), self._redis.pipeline() as pipe:
            for change in changes:
                self._apply(pipe, owner, change)
            pipe.execute()

    def _apply(self, pipe, owner, change):
        run, frames = name("run", change.id), name("frames", change.id)
        if isinstance(change, Frames):
            for number, frame in enumerate(change.frames, change.first):
                pipe.xadd(frames, {"m": frame}, id=f"{number}-1")
            pipe.hset(run, "length", change.first + len(change.frames) - 1)
        elif isinstance(change, Begin):
            facts = {
                "id": change.id,
                "kind": change.kind,
                "owner": owner,
                "state": LIVE,
                "created": repr(change.created),
                "length": 0,
                "asked": json.dumps(change.asked),
            }
            pipe.hset(run, mapping=facts)
            pipe.persist(run)
            pipe.zadd(name("runs"), {change.id: change.created})
            pipe.hset(name("live"), change.id, owner)
        elif isinstance(change, End):
            pipe.hset(run, mapping={"state": change.state, "summary": json.dumps(change.summary)})
            pipe.hdel(name("live"), change.id)
            for key in (run, frames):
                pipe.expire(key, self._retention_s)
        elif isinstance(change, Forget):
            pipe.delete(run, frames)
            pipe.hdel(name("live"), change.id)
            pipe.zrem(name("runs"), change.id)

    # -- readers

    def run(self, id):
        with translated():
            return kept(self._redis.hgetall(name("run", id)))

    def frames(self, id, after):
        with translated():
            entries = self._redis.xrange(name("frames", id), f"({after}-1", count=AT_ONCE)
        return [fields[b"m"] for _, fields in entries]

    def newest(self, limit, before=None):
        found, skip = [], 0
        most = "+inf" if before is None else before[0]
        while len(found) < limit:
            with translated():
                ids = self._redis.zrevrangebyscore(
                    name("runs"), most, "-inf", start=skip, num=limit + 1
                )
                rows = [self._redis.hgetall(name("run", id.decode())) for id in ids]
            skip += len(ids)
            runs = [run for run in map(kept, rows) if run is not None]
            found += [run for run in runs if before is None or (run.created, run.id) < before]
            if not ids:
                break
        return found[:limit]

    def wait(self, id, after, seconds):
        milliseconds = max(1, int(min(seconds, BLOCK_S) * 1000))
        with translated():
            self._redis.xread({name("frames", id): f"{after}-1"}, count=1, block=milliseconds)

    # -- keys and orders

    def claim(self, key, fingerprint, run):
        """(fingerprint, run) of whoever claimed that key first."""
        value = json.dumps([fingerprint, run])
        with translated():
            while True:
                self._redis.set(name("key", key), value, nx=True, ex=DAY_S)
                claim = self.claimed(key)
                if claim is not None:
                    return claim
                self._redis.delete(name("key", key))  # its run is forgotten

    def claimed(self, key):
        with translated():
            value = self._redis.get(name("key", key))
            if value is None:
                return None
            claim = tuple(json.loads(value))
            fresh = self._redis.ttl(name("key", key)) > DAY_S - ALIVE_S
            return claim if fresh or self._redis.exists(name("run", claim[1])) else None

    def order(self, owner, run, what):
        with translated(), self._redis.pipeline() as pipe:
            pipe.rpush(name("orders", owner), json.dumps([run, what]))
            pipe.expire(name("orders", owner), 60)
            pipe.execute()

    def orders(self, owner):
        with translated(), self._redis.pipeline() as pipe:
            pipe.lrange(name("orders", owner), 0, -1)
            pipe.delete(name("orders", owner))
            found, _ = pipe.execute()
        return [tuple(json.loads(text)) for text in found]

    # -- the dead

    def beat(self, owner):
        with translated():
            self._redis.set(name("alive", owner), 1, px=int(ALIVE_S * 1000))

    def orphans(self, owner):
        with translated():
            live = self._redis.hgetall(name("live"))
            dead = {
                other
                for other in set(live.values())
                if other.decode() != owner and not self._redis.exists(name("alive", other.decode()))
            }
            for id, other in live.items():
                if other in dead and (run := self.run(id.decode())) is not None:
                    yield run, 0

    def adopt(self, run, owner):
        with translated():
            if not self._redis.set(name("adopted", run.id, run.owner), owner, nx=True, ex=60):
                return False
            self._redis.hset(name("run", run.id), "owner", owner)
            self._redis.hset(name("live"), run.id, owner)
            return True

    def sweep(self, retention_s, max_bytes):
        """Redis forgets what is past its time by itself; the list does not."""
        with translated():
            for id, _ in self._redis.zscan_iter(name("runs")):
                if not self._redis.exists(name("run", id.decode())):
                    self._redis.zrem(name("runs"), id)
            for id in self._redis.hkeys(name("live")):
                if not self._redis.exists(name("run", id.decode())):
                    self._redis.hdel(name("live"), id)


class RedisAnswers:
    """Kept answers, as bytes, for all machines."""

    def __init__(self, url):
        self._redis = connect(url)

    def get(self, key):
        with translated():
            return self._redis.get(name("answer", key))

    def put(self, key, value):
        with translated():
            self._redis.set(name("answer", key), value, ex=DAY_S)


def kept(row):
    if b"state" not in row:
        return None
    text = {key.decode(): value.decode() for key, value in row.items()}
    return Kept(
        text["id"],
        text["kind"],
        text["owner"],
        text["state"],
        float(text["created"]),
        int(text["length"]),
        json.loads(text["asked"]),
        json.loads(text["summary"]) if "summary" in text else None,
    )


@contextlib.contextmanager
def translated():
    try:
        yield
    except (redis.RedisError, OSError) as error:
        # Its words may hold the address, and the address a password.
        log.error("Redis failed: %s", type(error).__name__)
        raise StoreError() from None
