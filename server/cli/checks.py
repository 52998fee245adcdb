"""The smoke test's verdicts over recordings. Pure: no clock, no network.

Each says in its figure what was measured, so that a PASS can be believed and a FAIL
tells what to look for.
"""

from collections import Counter
from dataclasses import dataclass

from .lines import DONE
from .pace import simulated

START_S = 0.5  # all models have begun by then
MOST_SHOWN = 3
UNKNOWN_HERE = (400, 404, 422)  # how a server refuses a model or an option it does not have
ISOLATION = "one failing model does not disturb the rest"


@dataclass(frozen=True)
class Verdict:
    name: str
    passed: bool | None  # None: could not be told
    figure: str


def all_answer(recording):
    failed = [slot for slot in recording.slots if not recording.succeeded(slot)]
    figure = f"{len(recording.slots) - len(failed)} of {len(recording.slots)} models"
    for slot in failed:
        error = recording.error(slot)
        figure += f"; {slot}: " + (
            f"{error.code}: {error.message}" if error else "never ended well"
        )
    return Verdict("every model answers", not failed, figure)


def start_together(recording):
    name = f"all start within {START_S * 1000:.0f} ms"
    starts = [recording.first("start", slot) for slot in recording.slots]
    if None in starts:
        return Verdict(name, False, f"{starts.count(None)} of {len(starts)} never started")
    spread, last = max(starts) - min(starts), max(starts)
    figure = f"{spread * 1000:.0f} ms apart, the last {last * 1000:.0f} ms after the request"
    # The request's way there and the start's way back are the network's, not the server's.
    return Verdict(name, last - recording.round_trip <= START_S, figure)


def well_formed(recording):
    faults = list(stream_faults(recording))
    count = sum(isinstance(message.event, dict) for message in recording.messages)
    figure = "; ".join(faults[:MOST_SHOWN]) or f"{count} messages, ids 1 to {count}, then [DONE]"
    if len(faults) > MOST_SHOWN:
        figure += f"; and {len(faults) - MOST_SHOWN} more faults"
    return Verdict("the stream is well-formed", not faults, figure)


def stream_faults(recording):
    if recording.content_type.partition(";")[0].strip() != "text/event-stream":
        yield f"Content-Type is {recording.content_type!r}, not text/event-stream"
    if recording.cut:
        yield "the connection broke off in the middle"
    for message in recording.messages:
        yield from message.faults
    told = [message for message in recording.messages if message.event is not None]
    for _, heard in recording.of("malformed"):
        yield f"a `{heard.text}` message whose fields are missing or of another type"
    numbers = [message.number for message in told if message.event != DONE]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "the ids do not count 1, 2, 3, ..."
    if not told or told[-1].event != DONE:
        yield "the last message is not [DONE]"
    if [message.event for message in told].count(DONE) > 1:
        yield "[DONE] comes twice"
    completes = len(recording.of("complete"))
    if completes != 1:
        yield f"`complete` comes {completes} times"
    elif recording.heard[-1][1].kind != "complete":
        yield "something comes after `complete`"
    strangers = {heard.model for _, heard in recording.heard} - {None, *recording.slots}
    for stranger in sorted(strangers):
        yield f"a model that was not asked: {stranger!r}"
    for slot in recording.slots:
        yield from order_faults(slot, recording)


def order_faults(slot, recording):
    """A model starts, speaks, and ends once."""
    kinds = [heard.kind for _, heard in recording.heard if heard.model == slot]
    # Figures are told before a model's end, or with the end of all.
    kinds = [kind for kind in kinds if kind in ("start", "text", "error", "end")]
    count = Counter(kinds)
    if count["start"] != 1:
        yield f"{slot} starts {count['start']} times"
    elif kinds[0] != "start":
        yield f"{slot} speaks before its start"
    if count["end"] != 1:
        yield f"{slot} ends {count['end']} times"
    elif kinds[-1] != "end":
        yield f"{slot} goes on after its end"
    if recording.succeeded(slot) == bool(count["error"]):
        yield f"{slot} does not end either well or with one error"


def nothing_lost(recording, kept):
    """`kept`: slot -> the text the server says it sent, or None where it does not tell."""
    name = "the last piece is there"
    figures = {heard.model: heard.figures for _, heard in recording.of("figures")}
    compared, short = 0, []
    for slot in recording.slots:
        text = recording.text(slot)
        whole = (kept or {}).get(slot)
        chars = figures.get(slot, {}).get("char_count") if whole is None else len(whole)
        if chars is None:
            continue
        compared += 1
        if len(text) != chars or whole not in (None, text):
            short.append(f"{slot}: {len(text)} characters came, the server counts {chars}")
    if not compared:
        return Verdict(name, None, "the server does not say how long the answers are")
    figure = "; ".join(short) or f"{compared} answers equal what the server keeps of them"
    return Verdict(name, not short, figure)


def undisturbed(before, after, failing, pieces):
    """`after` is `before` with a model that speaks so many pieces and then fails."""
    # What is wrong without it too is not its doing.
    faults = [] if list(stream_faults(before)) else list(stream_faults(after))
    error = after.error(failing)
    if error is None or after.succeeded(failing):
        faults.insert(0, "the failing model's failure is no `error` event")
    if len(after.pieces(failing)) > pieces:
        extra = "".join(after.pieces(failing)[pieces:])
        faults.insert(0, f"an error came as text: {extra[:60]!r}")
    others = [slot for slot in after.slots if slot != failing]
    for slot in others:
        if after.succeeded(slot) != before.succeeded(slot):
            faults.append(f"{slot} did not end as without it")
        elif simulated(slot) and after.text(slot) != before.text(slot):
            faults.append(f"{slot} said something else than without it")
    figure = "; ".join(faults[:MOST_SHOWN])
    if not faults:
        figure = f"it failed with `{error.code}` after {pieces} pieces; "
        figure += f"{len(others)} others ended as without it"
    return Verdict(ISOLATION, not faults, figure)


def refused(error):
    """In place of `undisturbed`, where that run did not come about. A server need not have
    a model that can be told to fail; any other trouble is what it makes of a failure."""
    if error.status in UNKNOWN_HERE:
        return Verdict(ISOLATION, None, f"no failing model to be had: {error.message}")
    return Verdict(ISOLATION, False, f"with one of them there was no run: {error.message}")
