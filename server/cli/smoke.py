"""Prove that a server runs its models at once: ask, draw who speaks when, judge."""

import json
import shutil
import sys
from contextlib import suppress

from ..errors import ServerError
from . import checks, drawing, table, timing
from .distant import LAST_WORD_S
from .recording import Recording
from .remote import Refused, Server, Unreachable, run_path

QUERY = "What happens?"
# Of different lengths: 1.8, 2.7 and 3.9 s.
MODELS = (
    "demo@first=0.3,rate=20,tokens=30",
    "demo@first=0.2,rate=20,tokens=50,start=7",
    "demo@first=0.4,rate=20,tokens=70,start=19",
)
SAID_BEFORE_FAILING = 5
FAILING = f"demo@first=0.3,rate=20,tokens=30,fail_after={SAID_BEFORE_FAILING},fail=upstream"
MOST_MODELS = 9


def smoke(settings, chosen):
    url = chosen.url or f"http://{settings.address}"
    server = Server(url, chosen.token or settings.auth_token)
    try:
        witness = Witness(server, chosen.system, chosen.video)
    except Unreachable as error:
        raise Unreachable(
            f"{error.message} Start one with `make run`, or name it with --url."
        ) from None
    if chosen.table:
        return table.measure(witness)
    recording, verdicts, alone = judge(witness, chosen)
    return 0 if report(recording, verdicts, alone, chosen, settings) else 1


def judge(witness, chosen):
    """(recording, verdicts, seconds alone or None)"""
    slots = tuple(chosen.models or MODELS)
    say(f"Asking {len(slots)} models at once: {witness.server.url}")
    recording = witness.run(slots)
    kept = witness.kept(recording)
    alone = None
    if chosen.baseline:
        alone = {}
        for slot in slots:
            say(f"Asking {slot} alone")
            alone[slot] = witness.run((slot,)).took(slot)
    say("Asking them again, beside one that fails")
    verdicts = [
        checks.all_answer(recording),
        checks.start_together(recording),
        timing.interleave(recording),
        timing.arrive_live(recording),
        timing.near_slowest(recording, alone),
        checks.well_formed(recording),
        checks.nothing_lost(recording, kept),
        isolation(witness, recording),
    ]
    return recording, verdicts, alone


def isolation(witness, recording):
    try:
        beside = witness.run((FAILING, *recording.slots[: MOST_MODELS - 1]), refresh=False)
    except (Refused, Unreachable) as error:
        return checks.refused(error)
    return checks.undisturbed(recording, beside, FAILING, SAID_BEFORE_FAILING)


class Witness:
    """Starts runs on a server and writes down what comes."""

    def __init__(self, server, system, video):
        self.server = server
        self._system = system
        self._round_trip = server.round_trip()
        self._video = (video or self._any_video()) if system == "analysis" else None

    def _any_video(self):
        names = self.server.get("/api/videos/list")["videos"]
        if not names:
            raise Refused(
                404,
                "The server has no video. Make one with `python -m server sample` where it runs, "
                "or test with --system compare.",
            )
        return "sample.mp4" if "sample.mp4" in names else names[0]

    def run(self, slots, refresh=True):
        if self._system == "analysis":
            asked = {"query": QUERY, "video_id": self._video}
        else:
            asked = {"input_data": QUERY}
        # Answers from the cache would prove nothing.
        stream = self.server.start(
            self._system, {**asked, "models": list(slots), "refresh": refresh}
        )
        try:
            messages = tuple(stream.messages())
        except KeyboardInterrupt:
            if stream.run_id:
                with suppress(ServerError):  # it may be the server that hangs
                    self.server.post(run_path(stream.run_id, "cancel"), LAST_WORD_S)
            raise
        return Recording(
            slots, messages, stream.content_type, stream.cut, self._round_trip, stream.run_id
        )

    def kept(self, recording):
        """slot -> text, as the server remembers the run, or None."""
        if not recording.run_id:
            return None
        try:
            models = self.server.get(run_path(recording.run_id))["models"]
            return {slot: models[slot]["text"] for slot in recording.slots}
        except (Refused, Unreachable, KeyError, TypeError):
            return None  # another server of this vocabulary


def report(recording, verdicts, alone, chosen, settings):
    """Print it; whether all is well."""
    passed = all(verdict.passed is not False for verdict in verdicts)
    if chosen.json:
        print(json.dumps(document(recording, verdicts, alone, passed, chosen), indent=2))
        return passed
    colour = sys.stdout.isatty() and not settings.no_color
    marks = drawing.marks_for(sys.stdout.encoding)
    width = min(shutil.get_terminal_size().columns, 120)
    print("\n".join(drawing.draw(recording, width, marks, colour)))
    print(f"{drawing.legend(marks)}\n")
    for verdict in verdicts:
        print(f"{word(verdict, colour)}  {verdict.name}: {verdict.figure}")
    failed = sum(verdict.passed is False for verdict in verdicts)
    print(f"\n{failed} of {len(verdicts)} checks failed." if failed else "\nAll is well.")
    return passed


WORDS = {True: ("PASS", 32), False: ("FAIL", 31), None: ("????", 33)}


def word(verdict, colour):
    text, number = WORDS[verdict.passed]
    return f"\x1b[{number}m{text}\x1b[0m" if colour else text


def document(recording, verdicts, alone, passed, chosen):
    return {
        "passed": passed,
        "system": chosen.system,
        "run_id": recording.run_id,
        "total_s": round(recording.total, 3),
        "checks": [vars(verdict) for verdict in verdicts],
        "models": {
            slot: {
                "start_s": rounded(recording.first("start", slot)),
                "first_text_s": rounded(recording.first("text", slot)),
                "end_s": rounded(recording.first("end", slot)),
                "alone_s": rounded(alone and alone[slot]),
                "pieces": len(recording.pieces(slot)),
                "chars": len(recording.text(slot)),
                "succeeded": recording.succeeded(slot),
            }
            for slot in recording.slots
        },
    }


def rounded(seconds):
    return None if seconds is None else round(seconds, 3)


def say(text):
    print(text, file=sys.stderr)
