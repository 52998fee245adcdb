"""Round-robin over per-model buffers. Pure: no thread, no clock, no Flask.

A lane never reorders: what ends a model waits its turn behind that model's words, so a
last word can never be lost behind its own `model_end`.
"""

from collections import deque


class RoundRobin:
    def __init__(self, lanes):
        self._buffers = {lane: deque() for lane in lanes}
        self._turns = deque(self._buffers.values())
        self._waiting = 0

    def push(self, lane, item):
        self._buffers[lane].append(item)
        self._waiting += 1

    def take_all(self):
        """Everything buffered, one item per lane per turn.

        Whose turn is next is remembered from one call to the next, so the lane that
        spoke last is not the one that opens the next round.
        """
        taken, turns = [], self._turns
        waiting, self._waiting = self._waiting, 0
        while waiting:
            buffer = turns[0]
            turns.rotate(-1)
            if buffer:
                taken.append(buffer.popleft())
                waiting -= 1
        return taken
