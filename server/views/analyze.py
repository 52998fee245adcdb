"""`POST /api/analyze/stream/parallel`: several models watch one video.

Begin reading here. A request goes this way:

1. This Flask blueprint starts a ThreadPoolExecutor per request: a worker thread per model.
2. Each worker (`analysis/worker.py`) asks its provider, which reads its credentials from
   os.environ (`credentials.py`), and pushes what it says into a queue.Queue (`channel.py`).
3. The run's reader (`analysis/run.py`) sorts that into per-model buffers and takes them
   round-robin (`analysis/interleave.py`).
4. The generator view (`sse_response` in `views/streaming.py`) pulls that reader and yields
   its messages; after a small yield delay comes `data: [DONE]`.
"""

from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint

from ..analysis.run import AnalysisRun
from ..events import Analysis
from . import body, services
from .admitting import admit
from .asking import choice_of_models, flag, question_about_video
from .continuing import retried
from .limits import rate_limited
from .streaming import follow_response, json_result, sse_response, wait_for

bp = Blueprint("analyze", __name__)


@bp.post("/api/analyze/stream/parallel")
@rate_limited
def parallel():
    asked = body.json_object()
    stream = flag(asked, "stream", True)
    run, new = admit(asked, lambda: prepared(asked))
    if not new:
        return follow_response(run) if stream else wait_for(run)
    executor = ThreadPoolExecutor(len(run.lanes), thread_name_prefix="analysis")
    return sse_response(run, executor) if stream else json_result(run, executor)


def prepared(asked):
    question, slots, more = retried(asked, Analysis.kind) or (
        question_about_video(asked),
        choice_of_models(asked),
        {},
    )
    refresh = flag(asked, "refresh", False)
    return lambda: AnalysisRun(question, slots, services(), refresh, Analysis, **more)
