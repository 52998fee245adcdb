"""The smoke test's verdicts about time: whether models really run at once, and are heard
as they speak. Pure: no clock, no network.

Models differ in speed, and that is nobody's fault. So each is held against its own pace
(`pace.py`) and never against another's; where that is not known, no server is failed.
"""

from itertools import combinations, pairwise

from .checks import START_S, Verdict
from .pace import SLACK_S, pace, simulated

SHORTEST_S = 0.5  # in less, nobody can tell live from collected
SLOWEST = "the total is near the slowest"


def interleave(recording):
    """Whether those who ought to speak at the same time are heard at the same time."""
    name = "pieces of different models interleave"
    speakers = [heard.model for _, heard in recording.of("text")]
    spoke = [slot for slot in recording.slots if slot in speakers]
    if len(spoke) < 2:
        return Verdict(name, None, f"{len(spoke)} of {len(recording.slots)} models spoke")
    turns = sum(one != next for one, next in pairwise(speakers))
    figure = f"the speaker changed {turns} times in {len(speakers)} pieces"
    pairs = list(combinations(spoke, 2))
    apart = [pair for pair in pairs if not together(speakers, *pair)]
    for pair in apart:
        if ought_to_be_together(recording, *pair):
            return Verdict(name, False, f"{figure}; {' and '.join(pair)} did not speak together")
    if apart == pairs:
        return Verdict(name, None, f"{figure}; maybe no two of them have the same time to speak")
    return Verdict(name, True, figure)


def together(speakers, one, other):
    """Whether each began before the other's last word. By their order: what is sent in
    one piece comes at one time."""
    places = [[n for n, slot in enumerate(speakers) if slot == which] for which in (one, other)]
    (first, *_, end), (others_first, *_, others_end) = (p if p[1:] else p * 2 for p in places)
    return first < others_end and others_first < end


def ought_to_be_together(recording, *pair):
    paces = [pace(recording, slot) for slot in pair]
    if None in paces:
        return False
    ends = [last_word(recording, slot, own) for slot, own in zip(pair, paces)]
    common = min(ends) - max(own.first for own in paces)
    return common > max(own.slack for own in paces)


def last_word(recording, slot, own):
    """When a model says it by its own pace. A real one may be long in coming to its end
    after that; so it speaks for as long as it was heard to."""
    times = recording.times(slot)
    return own.total if own.simulated else own.first + times[-1] - times[0]


def arrive_live(recording):
    """Whether text is heard when it is made, and not all at once when it is ready."""
    name = "pieces arrive as they are made"
    told = {slot: delay for slot in recording.slots if (delay := held_back(recording, slot))}
    if not told:
        return Verdict(name, None, f"nothing that took over {SHORTEST_S:g} s, as far as is known")
    slot, (seconds, allowed) = max(told.items(), key=lambda item: item[1][0] - item[1][1])
    if seconds > allowed:
        return Verdict(name, False, f"{slot} was held back for {seconds:.2f} s")
    most = max(seconds for seconds, _ in told.values())
    figure = f"none of {len(told)} models was held back for more than {most:.2f} s"
    return Verdict(name, True, figure)


def held_back(recording, slot):
    """(for how many seconds its text seems to have been kept, how many are allowed), or
    None where that cannot be told."""
    own, times = pace(recording, slot), recording.times(slot)
    if not times:
        return None
    if own is None:  # what is heard over a while was not collected
        return (0.0, 0.0) if times[-1] - times[0] >= SHORTEST_S else None
    if own.total - own.first < SHORTEST_S:
        return None
    start = recording.first("start", slot)
    if start is None or start - recording.round_trip > START_S:
        start = recording.round_trip  # it may have been held back as well
    late = times[0] - start - own.first
    # A model that only began late, or did not go on to its end, was not held back.
    unheard = (own.total - own.first) - (times[-1] - times[0])
    return max(0.0, min(late, unheard)), own.slack


def near_slowest(recording, alone=None):
    """`alone`: slot -> seconds it took when asked alone."""
    if None in (alone or {}).values() or None in map(recording.took, recording.slots):
        return Verdict(SLOWEST, False, "not every model came to its end")
    paces = {slot: own for slot in recording.slots if (own := pace(recording, slot))}
    told = {slot: own.total for slot, own in paces.items()}
    known = alone or told
    if not known:
        return Verdict(SLOWEST, None, f"{recording.total:.2f} s; see with --baseline")
    figure = f"{recording.total:.2f} s, the slowest {max(known.values()):.2f} s"
    if len(known) == len(recording.slots) and recording.total > 0:
        apart = sum(known.values())
        figure += f"; {apart / recording.total:.1f}x faster than one after another "
        figure += f"({apart:.2f} s, {source(alone, paces)})"
    limit = SLACK_S[all(map(simulated, recording.slots))]
    sure = believed(recording, paces)
    if alone:  # or as long as it took this time: vendors are not always equally fast
        sure = {slot: max(seconds, sure.get(slot, 0.0)) for slot, seconds in alone.items()}
    if sure and recording.total <= max(sure.values()) + limit:
        return Verdict(SLOWEST, True, figure)
    if recording.total <= max(known.values()) + limit or len(known) < len(recording.slots):
        return Verdict(SLOWEST, None, f"{figure}; see with --baseline")
    return Verdict(SLOWEST, False, figure)


def believed(recording, paces):
    """slot -> seconds that prove something. A server that asks one model after the other
    may count a model's turn in the queue as its own time. One that is heard to let two
    speak together does not ask so."""
    speakers = [heard.model for _, heard in recording.of("text")]
    spoke = [slot for slot in recording.slots if slot in speakers]
    heard = any(together(speakers, *pair) for pair in combinations(spoke, 2))
    trusted = heard or len(recording.slots) == 1
    return {slot: own.total for slot, own in paces.items() if own.simulated or trusted}


def source(alone, paces):
    if alone:
        return "measured"
    counted = [own for own in paces.values() if not own.simulated]
    return "as the server timed them" if counted else "as simulated"
