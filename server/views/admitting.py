"""How a request becomes a run: a new one, the one its key made before, or an earlier one
whose failures are tried again."""

import hashlib
import json
from dataclasses import replace

from flask import g, request

from ..analysis.cache import Answer
from ..errors import Conflict, InvalidQuestion, VideoNotFound
from ..providers.base import Usage
from . import services
from .asking import choice_of_models, optional_text


def admit(asked, prepare):
    """(run, whether it is new). `prepare()` reads the request and gives what makes its
    run. One that is repeated is not read again: by now its video may be gone, or the run
    it was a retry of forgotten, and it has its own run all the same."""
    runs, identity = services().runs, idempotency(asked)
    run = runs.made_by(*identity)
    admitted = (run, False) if run else runs.admit(prepare(), *identity)
    g.through_the_door()
    return admitted


def idempotency(asked):
    """(key, fingerprint) of a request that must not be paid for twice."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        return None, None
    if len(key) > 255:
        raise InvalidQuestion("Idempotency-Key is longer than 255 characters.")
    text = json.dumps(asked, sort_keys=True)
    return (request.endpoint, key), hashlib.sha256(text.encode()).hexdigest()


def retried(asked, kind):
    """(question, slots, kept answers) of the run named in `retry_of`, or None.

    The question is that run's; those who answered it are not asked again.
    """
    run_id = optional_text(asked, "retry_of")
    if run_id is None:
        return None
    run = services().runs.get(run_id)
    if run.kind != kind:
        raise InvalidQuestion(f"`retry_of` names a run of another kind ({run.kind}).")
    if not run.journal.closed:
        raise Conflict("The run in `retry_of` has not ended; cancel it or wait.")
    for field in ("query", "input_data"):
        if asked.get(field) not in (None, run.question.text):
            raise InvalidQuestion(
                f"`retry_of` asks that run's question again; leave `{field}` out."
            )
    lanes = run.lanes
    if "models" in asked:
        chosen = choice_of_models(asked)
        if strangers := [slot.name for slot in chosen if slot.name not in lanes]:
            raise InvalidQuestion(f"The run in `retry_of` did not ask {', '.join(strangers)}.")
        lanes = {slot.name: lanes[slot.name] for slot in chosen}
    kept = {
        name: Answer((lane.text,) if lane.text else (), usage_of(lane), lane.finish_reason)
        for name, lane in lanes.items()
        if lane.state == "done"
    }
    return still_there(run.question), [lane.slot for lane in lanes.values()], kept


def still_there(question):
    """The question, if it can be asked again: its video may be gone or be another by now,
    and nobody's answer to that would stand beside the others'."""
    if question.video is None:
        return question
    video = services().library.find(question.video.name, None)
    if replace(video, hashed=question.video.hashed) != question.video:
        raise VideoNotFound("The video of that run has been replaced; ask about the new one.")
    return replace(question, video=video)


def usage_of(lane):
    return Usage(lane.metrics["input_tokens"], lane.metrics["output_tokens"])
