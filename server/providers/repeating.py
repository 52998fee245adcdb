"""Messages of a stream that are the last one once more, with another text.

All pieces of an answer come in events that differ in nothing else. What is around the text is
taken apart, parsed and checked once; where it is the same again, byte for byte, only the text
is taken out. Anything else, an error or a count or an end, is for whoever reads all of it.
"""

import re

# On one line: between two there may be what is no part of the message.
FIELD = re.compile(rb'"content"([ \t]*:[ \t]*")?')
# What else a JSON string can hold without an escape. Printable is less, and sooner asked.
UNESCAPED = re.compile(r"[^\x00-\x1f]+")
TRIES = 8  # that failed one after the other: this stream does not repeat itself


class Repeating:
    def __init__(self):
        self._before = self._after = self._between = None
        self._left = TRIES

    def texts(self, chunk):
        """The texts of these bytes, if they are the event that was learned and nothing else,
        once or more often; or None."""
        before, after = self._before, self._after
        if before is None or not (chunk.startswith(before) and chunk.endswith(after)):
            return None
        try:
            said = chunk[len(before) : -len(after)].decode()
        except UnicodeDecodeError:
            return None
        texts = said.split(self._between)
        for text in texts:
            if not text or '"' in text or "\\" in text:
                return None
            if not (text.isprintable() or UNESCAPED.fullmatch(text)):  # mostly it is
                return None
        self._left = TRIES
        return texts

    def learn(self, event, text):
        """These bytes were read whole: they are one event, which says that text and nothing
        else. Where nothing is escaped a name is spelled as it is read, so that there is one
        place for the text."""
        if not (self._left and isinstance(text, str) and text):
            return
        self._left -= 1
        if b"\\" in event:
            return
        text = text.encode("utf-8", "replace")
        named = list(FIELD.finditer(event))
        at = named[0].end() if len(named) == 1 and named[0][1] else len(event)
        if event.startswith(text + b'"', at):
            self._before = event[:at]
            self._after = event[at + len(text) :]
            # Where these are no text, no chunk that holds them is either.
            self._between = (self._after + self._before).decode("utf-8", "replace")
