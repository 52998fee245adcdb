"""`POST /compare-stream` and `/compare`: one prompt, several text models side by side.

The same engine as the analysis of videos; only the words on the wire are others.
"""

from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint

from ..analysis.run import AnalysisRun
from ..events import Comparison, comparison_metadata
from ..providers.base import Question
from . import body, services
from .admitting import admit
from .asking import choice_of_models, conversation, flag, query
from .continuing import followed_up, retried
from .limits import rate_limited
from .streaming import follow_response, json_result, sse_response, wait_for

bp = Blueprint("compare", __name__)


@bp.post("/compare-stream")
@bp.post("/api/compare-stream")
@rate_limited
def stream():
    run, new = admitted()
    return sse_response(run, pool_for(run)) if new else follow_response(run)


@bp.post("/compare")
@bp.post("/api/compare")
@rate_limited
def whole():
    run, new = admitted()
    return json_result(run, pool_for(run), document) if new else wait_for(run, document)


def admitted():
    asked = body.json_object()
    return admit(asked, lambda: prepared(asked))


def pool_for(run):
    return ThreadPoolExecutor(len(run.lanes), thread_name_prefix="comparison")


def prepared(asked):
    question, slots, more = (
        retried(asked, Comparison.kind)
        or followed_up(asked, Comparison.kind)
        or (
            Question(query(asked, "input_data"), history=conversation(asked)),
            choice_of_models(asked),
            {},
        )
    )
    refresh = flag(asked, "refresh", False)
    return lambda: AnalysisRun(question, slots, services(), refresh, Comparison, **more)


def document(run):
    lanes = list(run.lanes.values())
    return {
        "run_id": run.id,
        "results": {lane.slot.name: lane.text for lane in lanes},
        "metadata": comparison_metadata(lanes, run.total_time),
    }
