"""The process in which libespeak-ng lives: one order on standard input, one answer.

Run as a program by `espeak.py`, and never imported: the library keeps one state for the
whole process, and a text that breaks it must break nothing else. It stands on the standard
library alone, so that it starts in no time.

The order is JSON; the answer a line of JSON and then, for a speech, its 16-bit samples.
"""

import ctypes
import json
import sys

RETRIEVE_AND_WAIT = 2
DONT_EXIT = 0x8000
RATE, PITCH, RANGE = 1, 3, 4
UTF8 = 1  # and neither SSML nor [[phonemes]]: markup is read out as the signs it is
END, WORD, SENTENCE, CLAUSE_END = 0, 1, 2, 5


class Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("character", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


class About(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


HEARD = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


def main():
    order = json.load(sys.stdin.buffer)
    library = ctypes.CDLL(order["library"])
    data = order["data"].encode() if order["data"] else None
    rate = library.espeak_Initialize(RETRIEVE_AND_WAIT, 0, data, DONT_EXIT)
    if rate <= 0:
        sys.exit("its data could not be read")
    if "text" not in order:
        answer, samples = {"voices": voices(library), "variants": variants(library)}, b""
    else:
        events, samples = speech(library, order, rate)
        answer = {"rate": rate, "events": events}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(samples)


def speech(library, order, rate):
    samples, events = bytearray(), []

    @HEARD
    def heard(wav, count, event):
        number = 0
        while event[number].type != END:
            each = event[number]
            if each.type in (WORD, SENTENCE, CLAUSE_END):
                events.append([each.type == WORD, each.character - 1, each.sample])
            number += 1
        if wav and count > 0:
            samples.extend(ctypes.string_at(wav, 2 * count))
        return len(samples) > 2 * rate * order["most_seconds"]  # true ends it

    library.espeak_SetSynthCallback(heard)
    if library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
        sys.exit("it does not have this voice")
    for name, value in ((RATE, "rate"), (PITCH, "pitch"), (RANGE, "range")):
        library.espeak_SetParameter(name, order[value], 0)
    text = order["text"].encode()
    if library.espeak_Synth(text, len(text) + 1, 0, 1, 0, UTF8, None, None) != 0:
        sys.exit("it could not speak this")
    return events, samples


def voices(library):
    """[name, what it is loaded by, [[priority, tag] ...]] of each language."""
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(About))
    found = library.espeak_ListVoices(None)
    listed, number = [], 0
    while found[number]:
        about = found[number].contents
        name, identifier = (
            text.decode(errors="replace") for text in (about.name, about.identifier)
        )
        listed.append([name, identifier, tags(about.languages)])
        number += 1
    return listed


def tags(address):
    """A priority byte and a string, again and again, until a priority of 0."""
    found = []
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        found.append([priority, tag.decode(errors="replace")])
        address += 1 + len(tag) + 1
    return found


def variants(library):
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(About))
    wanted = About(languages=ctypes.cast(ctypes.c_char_p(b"variant"), ctypes.c_void_p))
    found = library.espeak_ListVoices(ctypes.byref(wanted))
    listed, number = [], 0
    while found[number]:
        listed.append(found[number].contents.identifier.decode(errors="replace"))
        number += 1
    return [name.rpartition("/")[2] for name in listed]


main()
