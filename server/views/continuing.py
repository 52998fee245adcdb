"""Requests that go on from an ended run: its failures tried again, or one question more."""

from dataclasses import replace

from ..analysis.cache import Answer
from ..analysis.conversation import Conversation
from ..errors import Conflict, InvalidQuestion, VideoNotFound
from ..providers.base import Question, Usage
from . import services
from .asking import choice_of_models, optional_text, query, within_conversation


def retried(asked, kind):
    """(question, slots, what more a run takes) of the run named in `retry_of`, or None.

    The question is that run's. Asked again are those in `retry`, else all who have not
    answered; the others are in the new run as they ended.
    """
    run = ended_run(asked, "retry_of", kind)
    if run is None:
        return None
    for field in ("query", "input_data"):
        if asked.get(field) not in (None, run.question.text):
            raise InvalidQuestion(
                f"`retry_of` asks that run's question again; leave `{field}` out."
            )
    lanes = chosen_lanes(asked, "models", run.lanes)
    again = [name for name, lane in lanes.items() if lane.state != "done"]
    if "retry" in asked:
        again = chosen_lanes(asked, "retry", lanes)
    kept = {name: ended(lane) for name, lane in lanes.items() if name not in again}
    more = {"kept": kept, "conversation": run.conversation}
    return still_there(run.question), [lane.slot for lane in lanes.values()], more


def still_there(question):
    """The question, if it can be asked again: its video may be gone or be another by now,
    and nobody's answer to that would stand beside the others'."""
    if question.video is None:
        return question
    video = services().library.find(question.video.name, None)
    if video != question.video:
        raise VideoNotFound("The video of that run has been replaced; ask about the new one.")
    return replace(question, video=video)


def followed_up(asked, kind):
    """(question, slots, what more a run takes) of a question after the run named in
    `follow_up_of`, or None. Each model is told what it said itself."""
    run = ended_run(asked, "follow_up_of", kind)
    if run is None:
        return None
    if asked.get("conversation_history"):
        raise InvalidQuestion("`follow_up_of` brings the conversation; leave the history out.")
    lanes = chosen_lanes(asked, "models", run.lanes)
    silent = [name for name, lane in lanes.items() if lane.state != "done" or not lane.text]
    if "models" in asked and silent:
        raise InvalidQuestion(f"{', '.join(silent)} gave no answer that could be followed up.")
    names = [name for name in lanes if name not in silent]
    if not names:
        raise InvalidQuestion("No model answered in the run in `follow_up_of`.")
    conversation = Conversation.after(run, names)
    for history in conversation.histories.values():
        within_conversation(history, "follow_up_of")
    slots = [lanes[name].slot for name in names]
    return Question(query(asked, "input_data")), slots, {"conversation": conversation}


def ended_run(asked, field, kind):
    run_id = optional_text(asked, field)
    if run_id is None:
        return None
    run = services().runs.get(run_id)
    if run.kind != kind:
        raise InvalidQuestion(f"`{field}` names a run of another kind ({run.kind}).")
    if not run.journal.closed:
        raise Conflict(f"The run in `{field}` has not ended; cancel it or wait.")
    return run


def chosen_lanes(asked, field, lanes):
    if field not in asked:
        return lanes
    chosen = choice_of_models(asked, field)
    if strangers := [slot.name for slot in chosen if slot.name not in lanes]:
        raise InvalidQuestion(f"The earlier run did not ask {', '.join(strangers)}.")
    return {slot.name: lanes[slot.name] for slot in chosen}


def ended(lane):
    figures = lane.metrics
    usage = Usage(figures["input_tokens"], figures["output_tokens"])
    return Answer((lane.text,) if lane.text else (), usage, lane.finish_reason, lane.error)
