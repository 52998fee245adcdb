"""Messages of a stream that are the last one once more, with another text.

All pieces of an answer come in events that differ in nothing else. What is around the text is
taken apart, parsed and checked once; where it is the same again, byte for byte, only the text
is taken out. Anything else, an error or a count or an end, is for whoever reads all of it.
"""

import re

# What a JSON string can hold without an escape.
PLAIN = re.compile(rb'[^"\\\x00-\x1f]+')
# On one line: between two there may be what is no part of the message.
FIELD = re.compile(rb'"content"([ \t]*:[ \t]*")?')
TRIES = 8  # that failed one after the other: this stream does not repeat itself


class Repeating:
    def __init__(self):
        self._before = self._after = None
        self._left = TRIES

    def texts(self, chunk):
        """The texts of these bytes, if they are the event that was learned and nothing else,
        once or more often; or None."""
        before, after = self._before, self._after
        if before is None:
            return None
        texts, at = [], 0
        while at < len(chunk):
            if not chunk.startswith(before, at):
                return None
            found = PLAIN.match(chunk, at + len(before))
            if found is None or not chunk.startswith(after, found.end()):
                return None
            texts.append(found[0])
            at = found.end() + len(after)
        self._left = TRIES
        try:
            return [text.decode() for text in texts]
        except UnicodeDecodeError:
            return None

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
