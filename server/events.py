"""What happens in a run, in the words of those who read it; the only place wire keys
are spelled.

A vocabulary has one method per thing that happens, and each returns the messages it
makes, none or several; for a piece of text, which is what nearly all are, the form of them,
to be filled. The engine says `vocabulary.form(slot)` and does not know which language that
is: the systems differ in nothing but their class here.

Clients in the field key their panels by `model` or by `model_name`: both are always the
slot exactly as the request spelled it.
"""

import functools
import time

from .sse import Form


# Slots' names are the clients': not all of them can be kept.
@functools.lru_cache(1024)
def text_generation(slot):
    return Form({"event_type": "text_generation", "model": slot, "model_name": slot}, "text")


@functools.lru_cache(1024)
def chunk(slot):
    return Form({"model": slot, "type": "chunk"}, "content")


class Analysis:
    """`POST /api/analyze/stream/parallel`: the messages carry `event_type`."""

    kind = "analysis"

    @staticmethod
    def start(run_id, slots):
        return [
            {
                "event_type": "start",
                "run_id": run_id,
                "models": slots,
                "message": f"Asking {len(slots)} model{'s' if len(slots) > 1 else ''}.",
            }
        ]

    @staticmethod
    def model_start(slot, label, cached, evidence):
        return [
            {
                "event_type": "model_start",
                "model": slot,
                "model_name": slot,
                "label": label,
                "timestamp": time.time(),
                "cached": cached,
                "evidence": evidence,
            }
        ]

    form = staticmethod(text_generation)

    @staticmethod
    def waiting(slot, elapsed_s, phase):
        return [
            {
                "event_type": "model_waiting",
                "model": slot,
                "model_name": slot,
                "elapsed_s": round(elapsed_s, 1),
                "phase": phase,
            }
        ]

    @staticmethod
    def metrics(slot, metrics):
        return [
            {
                "event_type": "performance_metrics",
                "model": slot,
                "model_name": slot,
                "metrics": metrics,
            }
        ]

    @staticmethod
    def model_end(slot, finish_reason):
        return [
            {
                "event_type": "model_end",
                "model": slot,
                "model_name": slot,
                "finish_reason": finish_reason,
                "timestamp": time.time(),
            }
        ]

    @staticmethod
    def model_error(slot, error, partial):
        return [
            {
                "event_type": "error",
                "model": slot,
                "model_name": slot,
                "code": error.code,
                "message": error.message,
                "retryable": error.retryable,
                "partial": partial,
            }
        ]

    @staticmethod
    def run_error(error):
        return [
            {
                "event_type": "error",
                "code": error.code,
                "message": error.message,
                "retryable": error.retryable,
            }
        ]

    @staticmethod
    def complete(lanes, total_time):
        states = [lane.state for lane in lanes]
        return [
            {
                "event_type": "complete",
                "models_analyzed": len(states),
                "succeeded": states.count("done"),
                "failed": len(states) - states.count("done") - states.count("cancelled"),
                "cancelled": states.count("cancelled"),
                "total_time": round(total_time, 3),
            }
        ]


class Comparison:
    """`POST /compare-stream`: the messages carry `type`, and figures come at the end."""

    kind = "comparison"

    @staticmethod
    def start(run_id, slots):
        return [{"model": slot, "type": "start", "run_id": run_id} for slot in slots]

    @staticmethod
    def model_start(slot, label, cached, evidence):
        return []  # `start` has said so, for all of them at once

    form = staticmethod(chunk)

    @staticmethod
    def waiting(slot, elapsed_s, phase):
        return []

    @staticmethod
    def metrics(slot, metrics):
        return []

    @staticmethod
    def model_end(slot, finish_reason):
        return [{"model": slot, "type": "done", "error": False, "finish_reason": finish_reason}]

    @staticmethod
    def model_error(slot, error, partial):
        return [
            {
                "model": slot,
                "type": "error",
                "code": error.code,
                "message": error.message,
                "retryable": error.retryable,
                "partial": partial,
            },
            {"model": slot, "type": "done", "error": True},
        ]

    @staticmethod
    def run_error(error):
        return [{"type": "error", "code": error.code, "message": error.message}]

    @staticmethod
    def complete(lanes, total_time):
        return [{"type": "complete", "metadata": comparison_metadata(lanes, total_time)}]


def comparison_metadata(lanes, total_time):
    """How everybody fared: the end of a stream, and part of the answer without one."""
    successful = sum(lane.state == "done" for lane in lanes)
    return {
        "processing_time_ms": round(total_time * 1000),
        "models_successful": successful,
        "models_failed": len(lanes) - successful,
        "models": {lane.slot.name: lane.outcome() for lane in lanes},
    }


class Commentary:
    """`GET /api/analyze-stream/<file>`: the messages carry `type`; no `[DONE]` ends them."""

    kind = "commentary"
    ends = ("complete", "error", "cancelled")

    @staticmethod
    def status(stage, message, progress, **more):
        return {"type": "status", "message": message, "progress": progress, "stage": stage, **more}

    @staticmethod
    def queued(position, progress, workers=True):
        ahead = f"; {position} ahead." if position else "."
        message = f"Waiting for a place{ahead}" if workers else "Waiting: there is no worker."
        place = position + 1
        return {"type": "queued", "position": place, "message": message, "progress": progress}

    @staticmethod
    def detected(window, total, moments):
        return {
            "type": "events_detected",
            "interval": [round(window.start, 3), round(window.end, 3)],
            "interval_index": window.index,
            "total_intervals": total,
            "count": len(moments),
            "moments": [
                {"start": round(each.start, 3), "end": round(each.end, 3), "text": each.text}
                for each in moments
            ],
        }

    @staticmethod
    def line(cue):
        return {
            "type": "commentary_ready",
            "index": cue.index,
            "text": cue.clip.line.text,
            "start": round(cue.start, 3),
            "end": round(cue.end, 3),
            "speaker": cue.clip.line.speaker,
        }

    @staticmethod
    def line_failed(loss):
        return {
            "type": "line_failed",
            "index": loss.index,
            "stage": loss.stage,
            "code": loss.code,
            "message": loss.message,
        }

    @staticmethod
    def chunk(window, url, progress):
        return {
            "type": "chunk_ready",
            "index": window.index,
            "url": url,
            "start_time": clock(window.start),
            "end_time": clock(window.end),
            "start_s": round(window.start, 6),
            "end_s": round(window.end, 6),
            "progress": progress,
        }

    @staticmethod
    def complete(chunks, final_video, urls, warnings):
        return {
            "type": "complete",
            "chunks": chunks,
            "final_video": final_video,
            "final_url": urls["final"],
            "playlist_url": urls["playlist"],
            "captions_url": urls["captions"],
            "warnings": warnings,
            "progress": 100,
        }

    @staticmethod
    def failed(error, stage):
        return {
            "type": "error",
            "code": error.code,
            "message": error.message,
            "retryable": getattr(error, "retryable", False),
            "stage": stage,
        }

    @staticmethod
    def cancelled(message):
        return {"type": "cancelled", "message": message}


def clock(seconds):
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
