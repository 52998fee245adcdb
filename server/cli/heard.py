"""What an event means, whichever of the two vocabularies it is told in. Pure.

Both say the same things: a model starts, speaks, errs, ends; the whole is complete.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    kind: str  # start, text, waiting, error, end, figures, complete, malformed; "" for others
    model: str | None = None  # None: it concerns the whole run
    text: str = ""
    ok: bool = True  # of an end
    code: str = ""
    message: str = ""
    figures: dict = field(default_factory=dict)


def understand(event):
    """A list, because one message may say two things."""
    for key, meanings in (("event_type", ANALYSIS), ("type", COMPARISON)):
        kind = event.get(key)
        if isinstance(kind, str):
            meaning = meanings.get(kind)
            try:
                model = optional(event, "model", str)
                return meaning(event, model) if meaning else [Heard("", model)]
            except TypeError:
                return [Heard("malformed", text=kind)]
    return [Heard("")]


def optional(event, name, kind):
    value = event.get(name)
    if value is not None and not isinstance(value, kind):
        raise TypeError(name)
    return value


def needed(event, name, kind):
    value = optional(event, name, kind)
    if value is None:
        raise TypeError(name)
    return value


def about_model(kind):
    return lambda event, model: [Heard(kind, needed(event, "model", str))]


def text_in(name):
    return lambda event, _: [Heard("text", needed(event, "model", str), needed(event, name, str))]


def waiting(event, model):
    return [Heard("waiting", model, optional(event, "phase", str) or "")]


def figures(event, model):
    return [Heard("figures", model, figures=needed(event, "metrics", dict))]


def complete(event, model):
    return [Heard("complete")]


def comparison_complete(event, _):
    metadata = optional(event, "metadata", dict) or {}
    models = optional(metadata, "models", dict) or {}
    told = [Heard("figures", name, figures=needed(models, name, dict)) for name in models]
    return [*told, Heard("complete")]


def error(event, model):
    code, message = optional(event, "code", str), optional(event, "message", str)
    return [Heard("error", model, code=code or "", message=message or "")]


def analysis_error(event, model):
    """Here an error is also its model's end."""
    return error(event, model) + ([Heard("end", model, ok=False)] if model else [])


def done(event, model):
    return [Heard("end", needed(event, "model", str), ok=not event.get("error"))]


ANALYSIS = {
    "model_start": about_model("start"),
    "text_generation": text_in("text"),
    "model_waiting": waiting,
    "performance_metrics": figures,
    "model_end": about_model("end"),
    "error": analysis_error,
    "complete": complete,
}
COMPARISON = {
    "start": about_model("start"),
    "chunk": text_in("content"),
    "done": done,
    "error": error,
    "complete": comparison_complete,
}
