"""How a request becomes a run: a new one, the one its key made before, or an earlier one
whose failures are tried again."""

import hashlib
import json

from flask import g, request

from ..analysis.cache import Answer
from ..errors import Conflict, InvalidQuestion
from ..providers.base import Usage
from . import services
from .asking import choice_of_models, optional_text


def admit(asked, make):
    """(run, whether it is new)"""
    admitted = services().runs.admit(make, *idempotency(asked))
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
    return run.question, [lane.slot for lane in lanes.values()], kept


def usage_of(lane):
    return Usage(lane.metrics["input_tokens"], lane.metrics["output_tokens"])
