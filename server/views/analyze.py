"""`POST /api/analyze/stream/parallel`: several models watch one video."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, request

from ..analysis.run import AnalysisRun
from ..errors import InvalidQuestion, TooBusy
from . import body, services
from .asking import choice_of_models, question_about_video
from .limits import rate_limited
from .streaming import follow_response, json_result, sse_response, wait_for

bp = Blueprint("analyze", __name__)


@bp.post("/api/analyze/stream/parallel")
@rate_limited
def parallel():
    asked = body.json_object()
    question = question_about_video(asked)
    slots = choice_of_models(asked)
    refresh, stream = flag(asked, "refresh", False), flag(asked, "stream", True)
    run, new = services().runs.admit(
        lambda: AnalysisRun(question, slots, services(), refresh),
        *idempotency(asked),
    )
    if not new:
        if run.journal.closed and not run.journal.length:
            # Its first client left before it began; by now the key is free again.
            raise TooBusy("The first request with this key did not begin.", retry_after=1)
        return follow_response(run) if stream else wait_for(run)
    executor = ThreadPoolExecutor(len(slots), thread_name_prefix="analysis")
    return sse_response(run, executor) if stream else json_result(run, executor)


def flag(asked, name, default):
    value = asked.get(name, default)
    if not isinstance(value, bool):
        raise InvalidQuestion(f"`{name}` must be true or false.")
    return value


def idempotency(asked):
    """(key, fingerprint) of a request that must not be paid for twice."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        return None, None
    if len(key) > 255:
        raise InvalidQuestion("Idempotency-Key is longer than 255 characters.")
    text = json.dumps(asked, sort_keys=True)
    return (request.path, key), hashlib.sha256(text.encode()).hexdigest()
