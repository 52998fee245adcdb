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
UNWRITTEN = 1000  # messages that a process may have sent and not written when it died

# Each of these looks and acts in one step, which nothing comes between.
# What a run's owner does to it: nothing, where the run is gone or another's by now. Messages
# that are there already, because an answer of Redis was lost, are passed over.
OWNED = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
"""
BEGIN = """
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'id', ARGV[2], 'kind', ARGV[3],
  'state', ARGV[4], 'created', ARGV[5], 'asked', ARGV[6], 'length', 0)
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[2])
redis.call('SET', KEYS[5], 1, 'PX', ARGV[7])
return 1
"""
FORGET = """
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return 1
"""
SAY = OWNED + """
local number = tonumber(redis.call('HGET', KEYS[1], 'length'))
for place = 3, #ARGV do
  if ARGV[2] + place - 3 > number then
    number = number + 1
    redis.call('XADD', KEYS[2], number .. '-1', 'm', ARGV[place])
  end
end
redis.call('HSET', KEYS[1], 'length', number)
return 1
"""
END = OWNED + """
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'summary', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('HDEL', KEYS[3], ARGV[5])
return 1
"""
ADOPT = OWNED + """
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[3])
return 1
"""
CLAIM = """
local claim = redis.call('GET', KEYS[1])
if claim then
  local fresh = redis.call('TTL', KEYS[1]) > ARGV[2] - ARGV[3]
  if fresh or redis.call('EXISTS', ARGV[4] .. cjson.decode(claim)[2]) == 1 then return claim end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
"""


def connect(url):
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)


def name(*parts):
    return PREFIX + ":".join(parts)


class RedisStore:
    def __init__(self, settings):
        self._redis = connect(settings.redis_url)
        self._retention_s = max(1, round(settings.run_retention_s))
        self._key_s = max(DAY_S, self._retention_s)
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

    def unsent(self, id):
        pass

    # -- the writer

    def write(self, owner, changes):
        """All of them, or none. Returns the ids of runs that are not there as this owner's,
        whose changes are left out."""
        with translated(), self._redis.pipeline() as pipe:
            for change in changes:
                self._apply(pipe, owner, change)
            answers = pipe.execute()
        return {change.id for change, done in zip(changes, answers) if not done}

    def _apply(self, pipe, owner, change):
        """One command for each, whose answer says whether the run was there."""
        run, frames, live = name("run", change.id), name("frames", change.id), name("live")
        if isinstance(change, Frames):
            pipe.eval(SAY, 2, run, frames, owner, change.first, *change.frames)
        elif isinstance(change, End):
            facts = (change.state, json.dumps(change.summary), self._retention_s, change.id)
            pipe.eval(END, 3, run, frames, live, owner, *facts)
        elif isinstance(change, Begin):
            keys = (run, frames, live, name("runs"), name("alive", owner))
            facts = (change.kind, LIVE, repr(change.created), json.dumps(change.asked))
            pipe.eval(BEGIN, 5, *keys, owner, change.id, *facts, int(ALIVE_S * 1000))
        elif isinstance(change, Forget):
            pipe.eval(FORGET, 4, run, frames, live, name("runs"), change.id)

    # -- readers

    def run(self, id):
        with translated():
            return kept(self._redis.hgetall(name("run", id)))

    def progress(self, id):
        with translated():
            length, state = self._redis.hmget(name("run", id), "length", "state")
        return length and state and (int(length), state.decode() != LIVE)

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
        value, key = json.dumps([fingerprint, run]), name("key", key)
        with translated():
            claim = self._redis.eval(CLAIM, 1, key, value, self._key_s, ALIVE_S, name("run", ""))
        return tuple(json.loads(claim))

    def claimed(self, key):
        with translated():
            value = self._redis.get(name("key", key))
            if value is None:
                return None
            claim = tuple(json.loads(value))
            fresh = self._redis.ttl(name("key", key)) > self._key_s - ALIVE_S
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
                    yield run, run.length + UNWRITTEN

    def adopt(self, run, owner):
        keys = name("run", run.id), name("live")
        with translated():
            return bool(self._redis.eval(ADOPT, 2, *keys, run.owner, LIVE, owner, run.id))

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
