"""Messages of a stream that are the last one once more, with another text.

All pieces of an answer come in JSON objects that differ in nothing else. What is around the
text is parsed and checked once; where it is the same again, byte for byte, only the text is
taken out. Anything else, an error or a count or an end, is for whoever reads all of it.
"""

import re

# What a JSON string can hold without an escape.
PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
FIELD = re.compile(r'"content"\s*:\s*"')
TRIES = 8  # that failed one after the other: this stream does not repeat itself


class Repeating:
    def __init__(self):
        self._before = self._after = None
        self._left = TRIES

    def text(self, data):
        """The text of this message, if it repeats the one that was learned, or None."""
        before = self._before
        if before is None or not (data.startswith(before) and data.endswith(self._after)):
            return None
        found = PLAIN.fullmatch(data, len(before), len(data) - len(self._after))
        if found is None:
            return None
        self._left = TRIES
        return found[0]

    def learn(self, data, text):
        """This one was read whole, and says that text and nothing else. Where nothing is
        escaped a name is spelled as it is read, so that there is one place for the text."""
        if not (self._left and isinstance(text, str) and text):
            return
        self._left -= 1
        if "\\" in data:
            return
        places = [place.end() for place in FIELD.finditer(data)]
        if len(places) == 1 and data.startswith(f'{text}"', places[0]):
            self._before = data[: places[0]]
            self._after = data[places[0] + len(text) :]
