"""Who looks and who writes: what the client named, or the best that is there.

None stands for what is built in: measuring for looking, rules for writing.
"""

from ..errors import InvalidQuestion, OverLimit
from . import phrases

BUILTIN = "builtin"
RULES = "rules"
# In this order, when nobody was named and their keys are there; then any other with a key.
DETECTORS = ("gemini", "pegasus", "gpt4o")
WRITERS = ("gemini", "gpt4o")
SEES = {"video", "frames"}
READS = {"text"}


def detector(options, models):
    """The Slot that looks at the video, or None."""
    if options.detector == BUILTIN:
        return None
    if options.detector:
        return named("detector", options.detector, SEES, models)
    return best(DETECTORS, SEES, models)


def writer(options, models):
    """The Slot that writes, or None."""
    if options.writer == RULES:
        return None
    if options.writer:
        return named("writer", options.writer, READS, models)
    return best(WRITERS, READS, models)


def check(options, services):
    """Raise a 4xx for what could not be done, before anything is begun."""
    detector(options, services.models)
    if writer(options, services.models) is None and not phrases.speaks(options.language):
        known = ", ".join(phrases.LANGUAGES)
        raise OverLimit(
            f"Without a model, lines can be written in {known}; {options.language} needs a "
            "model as its `writer`. GET /api/models lists the models and what they lack."
        )


def identity(slot):
    """What decides a model's answer, besides the question."""
    return [slot.model.provider, slot.model.name, slot.model.upstream, slot.options]


def named(role, name, takes, models):
    slot = models.slot(name)
    model = slot.model
    if not takes & set(model.takes):
        what = "see a video" if role == "detector" else "write from words"
        raise InvalidQuestion(f"`{role}`: {model.name} cannot {what}. Name another model.")
    if model.needs is not None:
        raise InvalidQuestion(
            f"`{role}`: {model.name} cannot be asked, because {model.needs} is not set."
        )
    return slot


def best(order, takes, models):
    ready = [
        model
        for model in models.all
        if model.keys and "*" not in model.name and not model.simulated and model.needs is None
    ]
    ready = [model for model in ready if takes & set(model.takes)]
    for name in order:
        for model in ready:
            if name in (model.name, *model.aliases):
                return models.slot(model.name)
    return models.slot(ready[0].name) if ready else None
