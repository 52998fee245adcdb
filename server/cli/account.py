"""What was heard of a run, as one document, for when the server cannot be asked for its own.

It has the fields of that one, and says that it is none: what was not heard is null, and a
model of which no end was heard is `unknown`.
"""


class Account:
    def __init__(self, slots):
        self._run_id = None
        self._complete = False
        self._models = {slot: Told() for slot in slots}
        self._error = None

    def take(self, event, heard):
        self._run_id = self._run_id or event.get("run_id")
        if heard.kind == "complete":
            self._complete = True
        model = self._models.get(heard.model)
        if model is not None:
            model.take(event, heard)
        elif heard.kind == "error":
            self._error = error_in(event)

    def document(self, why):
        return {
            "run_id": self._run_id,
            "state": "complete" if self._complete else "unknown",
            "as_heard": why,
            "error": self._error,
            "models": {slot: told.document() for slot, told in self._models.items()},
        }


class Told:
    """What was heard of one model."""

    def __init__(self):
        self._state = "unknown"
        self._pieces = []
        self._finish_reason = self._metrics = self._error = None

    def take(self, event, heard):
        if heard.kind == "text":
            self._pieces.append(heard.text)
        elif heard.kind == "figures":
            self._metrics = heard.figures
        elif heard.kind == "error":
            self._error = error_in(event)
        elif heard.kind == "end":
            stopped = self._error and self._error["code"] == "cancelled"
            self._state = "done" if heard.ok else "cancelled" if stopped else "failed"
            self._finish_reason = event.get("finish_reason")

    def document(self):
        return {
            "state": self._state,
            "text": "".join(self._pieces),
            "finish_reason": self._finish_reason,
            "metrics": self._metrics,
            "error": self._error,
        }


def error_in(event):
    return {name: event.get(name) for name in ("code", "message", "retryable", "partial")}
