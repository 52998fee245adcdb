"""An OpenAI client's words: completions, their chunks, and errors. Pure: values in, JSON
values out.

The journal of a chat is kept in the analysis vocabulary, for whoever looks at the run
under /api/runs; these words are for the one client that asked.
"""

from ..events import Analysis

FINISH_REASONS = {"stop", "length", "content_filter"}

# What a model's failure is over HTTP, and its name there. Codes that have a name in
# OpenAI's own protocol get it, for clients act on those. A key that is refused upstream is
# the server's and not the client's: 401 would send the client's user looking for a fault
# in the right key.
FAILURES = {
    "bad_request": (400, "bad_request"),
    "blocked": (400, "content_filter"),
    "not_found": (404, "model_not_found"),
    "rate_limit": (429, "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota"),
    "cancelled": (499, "cancelled"),
    "internal": (500, "internal"),
    "auth": (502, "auth"),
    "network": (502, "network"),
    "truncated": (502, "truncated"),
    "upstream": (502, "upstream"),
    "timeout_first_text": (504, "timeout_first_text"),
    "timeout_idle": (504, "timeout_idle"),
    "timeout_total": (504, "timeout_total"),
}
# The same for what this server refuses by itself.
REFUSALS = {
    "auth": "invalid_api_key",
    "unknown_model": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
}


class Chat(Analysis):
    kind = "chat"


class Completion:
    """What all messages about one answer have in common."""

    def __init__(self, run):
        self._created = int(run.created)
        self._id = f"chatcmpl-{run.id}"
        [self._model] = run.lanes

    def chunk(self, delta, finish_reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return self._message("chat.completion.chunk", choices=[choice])

    def usage_chunk(self, usage):
        return self._message("chat.completion.chunk", choices=[], usage=usage)

    def whole(self, lane):
        message = {"role": "assistant", "content": lane.text}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason(lane)}
        return self._message("chat.completion", choices=[choice], usage=usage(lane))

    def _message(self, kind, **more):
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            **more,
        }


def finish_reason(lane):
    return lane.finish_reason if lane.finish_reason in FINISH_REASONS else "stop"


def usage(lane):
    """None unless the vendor counted both ways: clients add these up, and a zero that
    nobody counted would pass for a figure."""
    sent, said = lane.metrics["input_tokens"], lane.metrics["output_tokens"]
    if sent is None or said is None:
        return None
    return {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}


def failure(lane, error):
    """(status, body) for a model that failed. Its messages speak of `it`: say who."""
    status, code = FAILURES[error.code]
    if error.code == "cancelled" and error.retryable:  # the server is restarting
        status = 503
    return status, described(status, code, f"{lane.slot.name}: {error.message}")


def refusal(status, said):
    """The body of a refusal, from this server's own form of it."""
    return described(status, REFUSALS.get(said["code"], said["code"]), said["message"])


def described(status, code, message):
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {
        "error": {
            "message": message,
            "type": "rate_limit_error" if status == 429 else kind,
            "param": "model" if code == "model_not_found" else None,
            "code": code,
        }
    }


def model(entry, created):
    """One of the list. Clients ignore the fields that OpenAI does not have."""
    return {
        "id": entry.name,
        "object": "model",
        "created": created,
        "owned_by": entry.provider,
        "name": entry.label,
        "simulated": entry.simulated,
    }
