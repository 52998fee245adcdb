"""One constructor per kind of message; the only place wire keys are spelled.

A vocabulary turns what happens in a run into the words one kind of client reads. The
engine says `vocabulary.text(...)` and does not know which language that is.

Clients in the field key their panels by `model` or by `model_name`: both are always the
slot exactly as the request spelled it.
"""

import time


class Analysis:
    """`POST /api/analyze/stream/parallel`: the messages carry `event_type`."""

    @staticmethod
    def start(run_id, slots):
        return {
            "event_type": "start",
            "run_id": run_id,
            "models": slots,
            "message": f"Asking {len(slots)} model{'s' if len(slots) > 1 else ''}.",
        }

    @staticmethod
    def model_start(slot, label, cached, evidence):
        return {
            "event_type": "model_start",
            "model": slot,
            "model_name": slot,
            "label": label,
            "timestamp": time.time(),
            "cached": cached,
            "evidence": evidence,
        }

    @staticmethod
    def text(slot, text):
        return {"event_type": "text_generation", "model": slot, "model_name": slot, "text": text}

    @staticmethod
    def waiting(slot, elapsed_s, phase):
        return {
            "event_type": "model_waiting",
            "model": slot,
            "model_name": slot,
            "elapsed_s": round(elapsed_s, 1),
            "phase": phase,
        }

    @staticmethod
    def metrics(slot, metrics):
        return {
            "event_type": "performance_metrics",
            "model": slot,
            "model_name": slot,
            "metrics": metrics,
        }

    @staticmethod
    def model_end(slot, finish_reason):
        return {
            "event_type": "model_end",
            "model": slot,
            "model_name": slot,
            "finish_reason": finish_reason,
            "timestamp": time.time(),
        }

    @staticmethod
    def model_error(slot, error, partial):
        return {
            "event_type": "error",
            "model": slot,
            "model_name": slot,
            "code": error.code,
            "message": error.message,
            "retryable": error.retryable,
            "partial": partial,
        }

    @staticmethod
    def run_error(error):
        return {
            "event_type": "error",
            "code": error.code,
            "message": error.message,
            "retryable": error.retryable,
        }

    @staticmethod
    def complete(states, total_time):
        return {
            "event_type": "complete",
            "models_analyzed": len(states),
            "succeeded": states.count("done"),
            "failed": states.count("failed"),
            "cancelled": states.count("cancelled"),
            "total_time": round(total_time, 3),
        }
