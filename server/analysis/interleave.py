"""Round-robin over per-model buffers. Pure: no thread, no clock, no Flask.

A lane never reorders: what ends a model waits its turn behind that model's words, so a
last word can never be lost behind its own `model_end`.
"""

from collections import deque


class RoundRobin:
    def __init__(self, lanes):
        self._buffers = {lane: deque() for lane in lanes}
        self._turns = deque(self._buffers)

    def push(self, lane, item):
        self._buffers[lane].append(item)

    def take_all(self):
        """Everything buffered, one item per lane per turn.

        Whose turn is next is remembered from one call to the next, so the lane that
        spoke last is not the one that opens the next round.
        """
        taken = []
        idle = 0
        while idle < len(self._turns):
            lane = self._turns[0]
            self._turns.rotate(-1)
            buffer = self._buffers[lane]
            if buffer:
                taken.append(buffer.popleft())
                idle = 0
            else:
                idle += 1
        return taken
