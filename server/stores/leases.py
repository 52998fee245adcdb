"""Commentaries that other machines make: who works on each, and what was told of it.

They are runs like all others in Redis, but belong to no process for good: to whoever has
the lease. That is a key which expires unless it is renewed. What is told goes through a
script that looks at the lease first, so a worker that was frozen and taken for dead can
tell nothing more, however it wakes.
"""

import contextlib
import json
import secrets
import time

from ..errors import TooBusy
from . import LIVE, StoreError
from .redis import RedisStore, name, translated

LEASE_S = 5.0
RETRY_S = 0.1
ASKING_S = 10.0  # one request looks whether a commentary is there and begins it

TELL = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
local number, known = tonumber(ARGV[2]), tonumber(redis.call('hget', KEYS[2], 'length'))
local count = #ARGV - 5
if known == number and count >= 0 then
  for i = 1, count do
    redis.call('xadd', KEYS[3], (number + i) .. '-1', 'm', ARGV[i + 5])
  end
  redis.call('hset', KEYS[2], 'length', number + count)
elseif known ~= number + count then  -- or it was told, and only our answer got lost
  return redis.error_reply('messages are missing')
end
if ARGV[3] ~= '' then
  redis.call('hset', KEYS[2], 'state', ARGV[3])
  redis.call('expire', KEYS[2], ARGV[4])
  redis.call('expire', KEYS[3], ARGV[4])
  redis.call('hdel', KEYS[4], ARGV[5])
end
return 1
"""
RENEW = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('pexpire', KEYS[1], ARGV[2])
return redis.call('hget', KEYS[2], 'cancel') or ''
"""
DROP = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
NEXT = """
if redis.call('hget', KEYS[1], ARGV[1]) ~= ARGV[2] then return -1 end
redis.call('hincrby', KEYS[1], ARGV[1], 1)
return redis.call('hincrby', KEYS[2], 'deaths', ARGV[3])
"""


class LeaseLost(Exception):
    """Another may be working on it by now."""


class Leases(RedisStore):
    def __init__(self, settings):
        super().__init__(settings)
        self._scripts = {
            text: self._redis.register_script(text) for text in (TELL, RENEW, DROP, NEXT)
        }

    def call(self, script, keys, *arguments):
        with translated():
            return self._scripts[script](keys, arguments)

    @property
    def retention_s(self):
        return self._retention_s

    # -- the commentaries that are to be made

    @contextlib.contextmanager
    def asking(self, key):
        """Within, no other server begins the same commentary."""
        key, mine = name("asking", key), secrets.token_hex(8)
        deadline = time.monotonic() + ASKING_S
        while True:
            with translated():
                if self._redis.set(key, mine, nx=True, px=int(ASKING_S * 1000)):
                    break
            if time.monotonic() > deadline:
                raise TooBusy("This commentary is just being asked for; ask again.", 2)
            time.sleep(RETRY_S / 5)
        try:
            yield
        finally:
            self.call(DROP, [key], mine)

    def begin(self, id, kind, created, asked):
        facts = {
            "id": id,
            "kind": kind,
            "owner": "",
            "state": LIVE,
            "created": repr(created),
            "length": 0,
            "asked": json.dumps(asked),
        }
        with translated(), self._redis.pipeline() as pipe:
            pipe.delete(name("run", id), name("frames", id))
            pipe.hset(name("run", id), mapping=facts)
            pipe.zadd(name("runs"), {id: created})
            pipe.hset(name("working"), id, 1)
            pipe.execute()

    def working(self):
        """id -> number of the attempt that is under way, or waits for a worker"""
        with translated():
            found = self._redis.hgetall(name("working"))
        return {id.decode(): int(number) for id, number in found.items()}

    def live(self, id):
        with translated():
            return bool(self._redis.hexists(name("working"), id))

    def held(self, id):
        with translated():
            return bool(self._redis.exists(name("lease", id)))

    def forget(self, id):
        """Of one that Redis has lost."""
        with translated():
            self._redis.hdel(name("working"), id)

    def cancel(self, id, message):
        """Whoever works on it sees this when it renews its lease."""
        with translated():
            self._redis.hset(name("run", id), "cancel", message)

    def next_attempt(self, id, number, died):
        """How many workers have died of it, if this process is the one that has to go on
        from the attempt of that number; else None."""
        keys = [name("working"), name("run", id)]
        deaths = self.call(NEXT, keys, id, number, int(died))
        return None if deaths < 0 else deaths

    def take(self, id, patience_s=0.0):
        """The Lease of a commentary that has not ended, or None if another has it."""
        deadline = time.monotonic() + patience_s
        while True:
            lease = Lease(self, id)
            with translated():
                taken = self._redis.set(lease.key, lease.token, nx=True, px=int(LEASE_S * 1000))
            if taken:
                if self.live(id):
                    return lease
                lease.drop()
                return None
            if time.monotonic() >= deadline:
                return None
            time.sleep(RETRY_S)


class Lease:
    def __init__(self, leases, id):
        self.id, self.key, self.token = id, name("lease", id), secrets.token_hex(12)
        self._leases = leases
        # From before Redis is asked: here it is over before it is there.
        self._until = time.monotonic() + LEASE_S

    def check(self):
        if time.monotonic() >= self._until:
            raise LeaseLost()

    def renew(self):
        """Why it is to be cancelled, or ""."""
        until = time.monotonic() + LEASE_S
        keys = [self.key, name("run", self.id)]
        said = self._leases.call(RENEW, keys, self.token, int(LEASE_S * 1000))
        if said == 0:
            self._until = 0.0
            raise LeaseLost()
        self._until = until
        return said.decode()

    def tell(self, told, frames, state=""):
        """Messages behind the `told` that are there; with a state, these are the last."""
        keys = [self.key, *(name(kind, self.id) for kind in ("run", "frames")), name("working")]
        facts = (self.token, told, state, self._leases.retention_s, self.id)
        while True:
            self.check()
            try:
                if self._leases.call(TELL, keys, *facts, *frames) == 0:
                    raise LeaseLost()
                return
            except StoreError:
                time.sleep(RETRY_S)  # it may come back while this is ours

    def frames(self, after):
        return self._leases.frames(self.id, after)

    def told(self):
        kept = self._leases.run(self.id)
        return kept.length if kept else 0

    def drop(self):
        with contextlib.suppress(StoreError):  # it expires
            self._leases.call(DROP, [self.key], self.token)
