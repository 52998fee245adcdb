"""The smoke test's verdicts over recordings. Pure: no clock, no network.

Each says in its figure what was measured, so that a PASS can be believed and a FAIL
tells what to look for.
"""

from collections import Counter, deque
from dataclasses import dataclass

from .lines import DONE

START_S = 0.5  # all models have begun by then
SLACK_S = 0.5  # what running together may cost beyond the slowest
SHORTEST_S = 0.5  # in less, nobody can tell live from collected
MOST_SHOWN = 3
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


def interleave(recording):
    name = "pieces of different models interleave"
    speakers = [heard.model for _, heard in recording.of("text")]
    models = len(set(speakers))
    if len(recording.slots) < 2:
        return Verdict(name, None, "there is only one model")
    if models < 2:
        return Verdict(name, False, f"{models} of {len(recording.slots)} models spoke")
    turns = sum(one != next for one, next in zip(speakers, speakers[1:]))
    figure = f"the speaker changed {turns} times in {len(speakers)} pieces"
    # One after another is models - 1 changes.
    return Verdict(name, turns > 2 * (models - 1), figure)


def arrive_live(recording):
    """Whether text comes while it is made, and not all at once when it is ready."""
    name = "pieces arrive as they are made"
    times = [at for at, _ in recording.of("text")]
    begun = min((at for at, _ in recording.of("start")), default=0.0)
    # Since the request where the starts themselves were held back.
    if not times or times[-1] < SHORTEST_S:
        return Verdict(name, None, f"all was said within {SHORTEST_S:g} s")
    span = times[-1] - begun if times[-1] - begun >= SHORTEST_S else times[-1]
    window, busiest, inside = span / 10, 0, deque()
    for at in times:
        inside.append(at)
        while at - inside[0] > window:
            inside.popleft()
        busiest = max(busiest, len(inside))
    figure = (
        f"{busiest} of {len(times)} pieces came within the busiest {window:.2f} s of {span:.2f} s"
    )
    return Verdict(name, busiest <= len(times) / 2, figure)


def near_slowest(recording, alone=None):
    """`alone`: slot -> seconds it took when asked alone; else what it took in this run."""
    took = alone or {slot: recording.took(slot) for slot in recording.slots}
    if None in took.values() or not took:
        return Verdict("the total is near the slowest", False, "not every model came to its end")
    slowest, total = max(took.values()), recording.total
    measured = "measured" if alone else "as timed in this run"
    figure = f"{total:.2f} s, the slowest {slowest:.2f} s"
    if total > 0:
        gain = sum(took.values()) / total
        figure += (
            f"; {gain:.1f}x faster than one after another "
            f"({sum(took.values()):.2f} s, {measured})"
        )
    return Verdict("the total is near the slowest", total <= slowest + SLACK_S, figure)


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


def undisturbed_unknown(why):
    return Verdict(ISOLATION, None, why)


def simulated(slot):
    """Says the same each time."""
    return slot.partition("@")[0] in ("demo", "demo-fast", "demo-slow")
