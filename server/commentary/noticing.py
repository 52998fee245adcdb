"""Which of all that was measured in a window is worth telling. Pure arithmetic.

Every Moment made here says in its text what was measured, and in its facts the same for
the writer by rules, in the order in which it is worth saying.
"""

from dataclasses import dataclass, field

from ..providers.analysts.light import BRIGHTER, colour_in_words, light_in_words, motion_in_words
from ..providers.analysts.sound import loud_in_words
from ..providers.analysts.words import counted, length
from .base import Moment

QUICK_CUTS, WITHIN_S = 3, 4.0
LONG_SHOT_S = 8.0
LONG_SILENCE_S = 1.0
SHORTEST_STILL_S = {"black": 0.3, "one-colour": 0.8, "frozen": 1.5}
STILLS = {
    "black": ("black", "The picture is black", 0.7),
    "one-colour": ("blank", "The picture is one plain colour", 0.55),
    "frozen": ("still", "The picture stands still", 0.5),
}
# What to say first of several facts, and what goes without saying beside another.
FIRST = ("bang", "black", "cuts", "cut.after", "cut", "blank", "still", "silence")
IMPLIED = {
    "black": ("darker", "colour", "moves", "calms", "light", "motion", "cut", "cut.after"),
    "blank": ("motion", "moves", "calms"),
    "still": ("motion", "calms"),
    "cuts": ("cut", "cut.after", "moves", "blank"),
    "silence": ("sound",),
}
TOGETHER_S = 1.0  # what happens so close together is one moment
EXTRA = 0.1  # and worth so much more
USUAL_S = 2.0


@dataclass
class Found:
    """What the meters noticed, with the times of the video."""

    cuts: list = field(default_factory=list)  # (time, seconds of the shot it ended, or None)
    stills: list = field(default_factory=list)  # (kind, start, end)
    looks: list = field(default_factory=list)  # (start, end, light.Mean)
    silences: list = field(default_factory=list)  # (start, end)
    bangs: list = field(default_factory=list)  # times
    loudness: list = field(default_factory=list)  # (start, end, LUFS)


def moments(window, found):
    noticed = [*cut_moments(found.cuts), *still_moments(found.stills)]
    noticed += [*look_moments(found), *sound_moments(found, window)]
    noticed = together(sorted(noticed, key=lambda each: (each.start, -each.weight)))
    scene = scene_moment(window, found, bool(noticed))
    if scene and noticed and noticed[0].start - window.start < TOGETHER_S:
        noticed[0] = joined(noticed[0], scene)
    elif scene:
        noticed.insert(0, scene)
    return tuple(apart(noticed, window))


def cut_moments(cuts):
    at = 0
    while at < len(cuts):
        time, shot = cuts[at]
        run = [cut for cut, _ in cuts[at:] if cut - time <= WITHIN_S]
        if len(run) >= QUICK_CUTS:
            text = f"{counted(len(run), 'cut')} in {length(run[-1] - time)}"
            yield Moment(time, run[-1], text, 0.65, (f"cuts={len(run)}",))
            at += len(run)
            continue
        at += 1
        if shot is not None and shot >= LONG_SHOT_S:
            text = f"A cut, after a shot of {length(shot)}"
            yield Moment(time, time + USUAL_S, text, 0.6, (f"cut.after={shot:.0f}",))
        else:
            yield Moment(time, time + USUAL_S, "A cut", 0.5, ("cut",))


def still_moments(stretches):
    for kind, start, end in stretches:
        if end - start >= SHORTEST_STILL_S[kind]:
            fact, text, weight = STILLS[kind]
            yield Moment(start, end, f"{text} for {length(end - start)}", weight, (fact,))


def look_moments(found):
    """Where light, colour or movement change."""
    looks = found.looks
    for (began, _, before), (start, end, now) in zip(looks, looks[1:], strict=False):
        facts, told, weight = [], [], 0.0
        if abs(now.bright - before.bright) > BRIGHTER:
            fact = "brighter" if now.bright > before.bright else "darker"
            facts.append(fact)
            told.append(f"It gets {fact}: {before.bright:.0f} % to {now.bright:.0f} %")
            weight = 0.6
        if colour(now) != colour(before):
            facts.append(colour(now))
            told.append(f"the colour is now {colour_in_words(now)}")
            weight = max(weight, 0.45)
        calm, lively = ("motion.none", "motion.little"), ("motion.much",)
        if any(began < time < end for time, _ in found.cuts):
            pass  # a cut is a change of every pixel, and no movement
        elif motion(now) in lively and motion(before) not in lively:
            facts.append("moves")
            told.append("movement increases")
            weight = max(weight, 0.55)
        elif motion(now) in calm and motion(before) not in calm:
            facts.append("calms")
            told.append("movement subsides")
            weight = max(weight, 0.45)
        if facts:
            yield Moment(start, end, sentence(told), weight, tuple(facts))


def sound_moments(found, window):
    for time in found.bangs:
        yield Moment(time, time + USUAL_S, "Suddenly louder", 0.8, ("bang",))
    for start, end in found.silences:
        # One that was there from the beginning is the scene's, not an event.
        if end - start >= LONG_SILENCE_S and start - window.start > 0.2:
            yield Moment(start, end, f"Silence for {length(end - start)}", 0.6, ("silence",))


def scene_moment(window, found, eventful):
    """What the window looks and sounds like as it begins."""
    facts, told = [], []
    if found.looks:
        _, _, look = found.looks[0]
        facts += filter(None, [dark_or_bright(look), colour(look), motion(look)])
        told.append(
            f"{light_in_words(look.bright)} picture ({look.bright:.0f} %), "
            f"{colour_in_words(look)}, {motion_in_words(look.motion)}"
        )
    if found.loudness:
        _, _, loudness = found.loudness[0]
        words = loud_in_words(loudness)
        facts += {
            "very quiet": ["sound.quiet"],
            "quiet": ["sound.quiet"],
            "loud": ["sound.loud"],
        }.get(words, [])
        told.append(f"the sound is {words} ({loudness:.0f} LUFS)")
    elif found.silences and found.silences[0][0] - window.start <= 0.2:
        facts.append("sound.none")
        told.append("there is nothing to hear")
    if not told:
        return None
    if not eventful:
        facts.insert(1, "steady")
    return Moment(window.start, window.start + USUAL_S, sentence(told), 0.5, tuple(facts))


def dark_or_bright(look):
    words = light_in_words(look.bright)
    if words in ("black", "dark"):
        return "light.dark"
    return "light.bright" if words.endswith("bright") and words != "fairly bright" else None


def colour(look):
    words = colour_in_words(look)
    if words == "no colour":
        return "colour.none"
    return "colour.mixed" if words.endswith("colours") else f"colour={words.split()[-1]}"


def motion(look):
    words = motion_in_words(look.motion).removesuffix("movement").strip()
    return "motion." + {"no": "none", "": "some"}.get(words, words)


def sentence(parts):
    told = "; ".join(parts)
    return told[:1].upper() + told[1:]


def together(noticed):
    """Moments in order, those close together joined to one."""
    kept = []
    for each in noticed:
        if kept and each.start - kept[-1].start < TOGETHER_S:
            kept[-1] = joined(kept[-1], each)
        else:
            kept.append(each)
    return kept


def joined(one, other):
    first, second = (one, other) if one.weight >= other.weight else (other, one)
    text = first.text if second.text == first.text else f"{first.text}; {second.text}"
    facts = told_first(dict.fromkeys(first.facts + second.facts))
    weight = round(min(0.95, first.weight + EXTRA), 3)
    return Moment(min(one.start, other.start), max(one.end, other.end), text, weight, facts)


def told_first(facts):
    """The facts in the order in which they are worth saying, without what others imply."""
    kinds = {kind(fact) for fact in facts}
    implied = {other for each in kinds for other in IMPLIED.get(each, ())}
    kept = [fact for fact in facts if not implied & {kind(fact), kind(fact).partition(".")[0]}]
    places = {name: place for place, name in enumerate(FIRST)}
    return tuple(sorted(kept, key=lambda fact: places.get(kind(fact), len(FIRST))))


def kind(fact):
    """`colour` of `colour=blue`."""
    return fact.partition("=")[0]


def apart(noticed, window):
    limits = [*(each.start for each in noticed[1:]), window.end]
    for each, limit in zip(noticed, limits, strict=False):
        end = min(each.end, limit)
        yield Moment(round(each.start, 3), round(end, 3), each.text, each.weight, each.facts)
