"""A placed stretch as plain values, and back. Pure.

What was placed was told, with its numbers: after a crash it is taken from here, even where
a stage that failed then would succeed now.
"""

from dataclasses import asdict
from pathlib import Path

from .base import Clip, Cue, Line, Loss
from .moments import from_plain, to_plain


def plain(stretch):
    return {
        "window": [stretch.window.start, stretch.window.end],
        "moments": to_plain(stretch.moments),
        "cues": [plain_cue(cue) for cue in stretch.cues],
        "before": [plain_cue(cue) for cue in stretch.before],
        "lost": [asdict(loss) for loss in stretch.lost],
        "warnings": list(stretch.warnings),
    }


def restored(stretch, kept):
    """The stretch with what was kept of it, or as it is."""
    window = stretch.window
    if kept is None or kept["window"] != [window.start, window.end]:
        return stretch
    return stretch.but(
        moments=from_plain(kept["moments"]),
        cues=tuple(map(cue, kept["cues"])),
        before=tuple(map(cue, kept["before"])),
        lost=tuple(Loss(**loss) for loss in kept["lost"]),
        warnings=tuple(kept["warnings"]),
        placed=True,
    )


def plain_cue(cue):
    found = asdict(cue)
    found["clip"]["path"] = cue.clip.path and str(cue.clip.path)
    return found


def cue(kept):
    clip = dict(kept["clip"])
    clip["line"] = Line(**clip["line"])
    clip["path"] = clip["path"] and Path(clip["path"])
    clip["words"] = tuple(map(tuple, clip["words"]))
    return Cue(**{**kept, "clip": Clip(**clip)})
