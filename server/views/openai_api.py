"""`/v1/models` and `/v1/chat/completions`: any OpenAI client can use any model here.

A chat is a run of one model on the same engine as every other. What differs: nobody can
come back to its stream, so a client that leaves ends it at once; and until the model's
first text no header is sent, so that a model which fails is an HTTP error, which is what
these clients look at.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from flask import Blueprint, Response, jsonify, request

from .. import sse
from ..analysis.run import AnalysisRun
from ..errors import ProviderError, UnknownModel, our_fault
from . import body, chat_request, chat_words, services
from .asking import choice_of_models
from .limits import rate_limited
from .streaming import admit_starter, headers

bp = Blueprint("openai_api", __name__)

STARTED = int(time.time())  # the list of models has no dates; this one never goes back


@bp.get("/v1/models")
def models():
    ready = [model for model in services().models.listed() if model.needs is None]
    return jsonify(object="list", data=[chat_words.model(model, STARTED) for model in ready])


@bp.get("/v1/models/<path:slot>")
def model(slot):
    """Any that can be asked, also under a name that is not listed: `vendor/model`, an
    alias, or one with options."""
    [found] = choice_of_models({"model": [slot]}, "model")
    if lacks := found.model.needs:
        raise UnknownModel(f"{slot} cannot be asked: the server lacks {lacks}.")
    return {**chat_words.model(found.model, STARTED), "id": slot}


@bp.post("/v1/chat/completions")
@rate_limited
def complete():
    asked = chat_request.read(body.json_object())
    run, _ = services().runs.admit(
        lambda: AnalysisRun(
            asked.question, [asked.slot], services(), asked.refresh, chat_words.Chat
        )
    )
    visitor, leave = admit_starter(run)
    with ExitStack() as farewell:
        farewell.callback(leave)
        farewell.callback(run.release)
        farewell.callback(run.cancel, ProviderError("cancelled", "The client left."))
        chat = Chatting(run, visitor)
        first = chat.first_pieces() if asked.stream else chat.all_pieces()
        if chat.lane.state != "done" and not (asked.stream and first):
            return failed(run, chat)
        if not asked.stream:
            return chat.completion.whole(chat.lane), {"X-Run-Id": run.id}
        response = Response(chat.frames(first, asked.include_usage), headers=headers(run))
        # On the response, not in the generator: one that never started runs no `finally`.
        response.call_on_close(farewell.pop_all().close)
        return response


class Chatting:
    """One model's words on their way to the client that asked for them."""

    def __init__(self, run, visitor):
        self.completion = chat_words.Completion(run)
        [self.lane] = run.lanes.values()
        self._run, self._visitor = run, visitor
        self._moved = services().streams.moved
        self._arriving = self._pieces()

    def _pieces(self):
        """The pieces that came, turn by turn; an empty list when there is only to say
        that we are alive. Ends with the run, or when the client leaves."""
        if self._visitor.peek():
            return  # it left while its request was queued: nobody is asked
        told = 0
        for messages in self._run.start(ThreadPoolExecutor(1, thread_name_prefix="chat")):
            if self._visitor.gone:
                return
            self._moved()
            # Only the reader, which is pulled here, adds to the lane.
            pieces = self.lane.pieces[told:]
            told += len(pieces)
            if pieces or not messages:
                yield pieces

    def first_pieces(self):
        """Wait for text, or the end. The model's own deadlines bound it."""
        return next((pieces for pieces in self._arriving if pieces), [])

    def all_pieces(self):
        return [piece for pieces in self._arriving for piece in pieces]

    def error(self):
        """Why the model failed; a fault of ours has no error of the model's."""
        if self._visitor.gone:
            return ProviderError("cancelled", "The client left.")
        return self.lane.error or our_fault()

    def frames(self, first, include_usage):
        """The generator view. No `retry:` and no ids: the official client takes a blank
        line after either for an empty message, and fails to read it as JSON."""
        said = self.completion
        yield sse.unnumbered(said.chunk({"role": "assistant", "content": ""})) + self._told(first)
        for pieces in self._arriving:
            yield self._told(pieces) or sse.HEARTBEAT
        if self._visitor.gone:
            return
        if self.lane.state != "done":
            # Without [DONE]: what reads only that must not take this for a whole answer.
            yield sse.unnumbered(chat_words.failure(self.lane, self.error())[1])
            return
        yield sse.unnumbered(said.chunk({}, chat_words.finish_reason(self.lane)))
        usage = chat_words.usage(self.lane)
        if include_usage and usage:
            yield sse.unnumbered(said.usage_chunk(usage))
        yield sse.DONE

    def _told(self, pieces):
        chunks = (self.completion.chunk({"content": piece}) for piece in pieces)
        return b"".join(map(sse.unnumbered, chunks))


def failed(run, chat):
    error = chat.error()
    status, said = chat_words.failure(chat.lane, error)
    response = jsonify(said)
    response.status_code = status
    response.headers["X-Run-Id"] = run.id
    # Clients ask again by themselves on any 5xx. The engine has done that where it could
    # help, and a deadline that has passed once would only be waited for again.
    again = status == 503 or error.code == "rate_limit"
    response.headers["X-Should-Retry"] = "true" if again else "false"
    if again or error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after or 1)))
    return response


@bp.after_app_request
def in_their_words(response):
    """Every refusal under /v1, also of paths and methods that this file does not have."""
    if request.path.startswith("/v1/") and response.status_code >= 400 and response.is_json:
        said = response.get_json()
        if "error" not in said:
            said = chat_words.refusal(response.status_code, said)
            response.set_data(jsonify(said).get_data())
    return response
