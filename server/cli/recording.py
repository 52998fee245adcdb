"""One run as a client saw it: every message with the time it came, and what follows from
that. Times are seconds since the request was sent."""

from dataclasses import dataclass
from functools import cached_property

from .heard import understand
from .lines import Message


@dataclass(frozen=True)
class Recording:
    slots: tuple[str, ...]  # what was asked, in this order
    messages: tuple[Message, ...]
    content_type: str = "text/event-stream"
    cut: bool = False  # the connection ended in the middle of something
    round_trip: float = 0.0  # of the network, in seconds
    run_id: str | None = None

    @cached_property
    def heard(self):
        """(time, Heard), in order."""
        return [
            (message.at, heard)
            for message in self.messages
            if isinstance(message.event, dict)
            for heard in understand(message.event)
        ]

    def of(self, kind, slot=None):
        return [
            (at, heard)
            for at, heard in self.heard
            if heard.kind == kind and slot in (None, heard.model)
        ]

    def first(self, kind, slot):
        """When it was first said of that model, or None."""
        return next((at for at, _ in self.of(kind, slot)), None)

    def times(self, slot):
        """When its pieces came."""
        return [at for at, _ in self.of("text", slot)]

    def figures(self, slot):
        """What the server says it measured of that model."""
        return next((heard.figures for _, heard in self.of("figures", slot)), {})

    def pieces(self, slot):
        return [heard.text for _, heard in self.of("text", slot)]

    def text(self, slot):
        return "".join(self.pieces(slot))

    def took(self, slot):
        """Seconds from the model's start to its end, or None without both."""
        start, end = self.first("start", slot), self.first("end", slot)
        return None if start is None or end is None else end - start

    @property
    def total(self):
        """Seconds from the first start to the last end."""
        starts, ends = self.of("start"), self.of("end")
        return ends[-1][0] - starts[0][0] if starts and ends else 0.0

    def succeeded(self, slot):
        return any(heard.ok for _, heard in self.of("end", slot))

    def error(self, slot):
        """Heard of its error, or None."""
        return next((heard for _, heard in self.of("error", slot)), None)
