"""What the server counts, in Prometheus' words. Base units, bounded labels.

No label holds what a client or a vendor wrote: routes are our own patterns, providers,
voices and stages are of our lists, and codes are those of `errors.py`.
"""

import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import generate_latest

from . import errors

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
TOKENS = tuple(4**power for power in range(14))  # as OpenTelemetry advises
LINE_CODES = {*errors.CODES, "too_long", errors.MediaError.code, errors.OutOfSpace.code}


class Metrics:
    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self):
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.watch("parallax_threads", "Threads alive.", threading.active_count)
        self._answers = self._counter(
            "parallax_http_requests", "Requests answered, by route.", "method", "route", "status"
        )
        self._refused = self._counter("parallax_refused", "Requests refused, by status.", "status")
        self._runs = self._counter("parallax_runs", "Runs that ended, by how.", "kind", "state")
        self._open_runs = Gauge("parallax_runs_open", "Runs being served.", registry=self._registry)
        self._name_models()
        self._name_commentaries()

    def _name_models(self):
        self._requests = self._counter(
            "parallax_model_requests",
            "Models asked, by outcome: ok, cached, or the error's code.",
            "provider",
            "outcome",
        )
        self._first_text = self._histogram(
            "parallax_time_to_first_text_seconds",
            "From asking a model to its first text.",
            "provider",
        )
        self._duration = self._histogram(
            "parallax_model_duration_seconds", "From asking a model to its end.", "provider"
        )
        self._tokens = self._counter(
            "parallax_tokens", "Tokens the vendors reported.", "provider", "direction"
        )
        # OpenTelemetry's names for the same, for dashboards that know those.
        operation = ["gen_ai_operation_name", "gen_ai_provider_name"]
        self._operation = self._histogram(
            "gen_ai_client_operation_duration_seconds",
            "From asking a model to its end, by the error's code where it failed.",
            *operation,
            "error_type",
        )
        self._to_first = self._histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From asking a model to its first text.",
            *operation,
        )
        self._usage = self._histogram(
            "gen_ai_client_token_usage",
            "Tokens the vendors reported, of each request.",
            *operation,
            "gen_ai_token_type",
            buckets=TOKENS,
        )

    def _name_commentaries(self):
        self._stage = self._histogram(
            "parallax_commentary_stage_seconds",
            "What a stage of the commentary took for one stretch.",
            "stage",
        )
        self._first_chunk = self._histogram(
            "parallax_commentary_time_to_first_chunk_seconds",
            "From asking for a commentary to its first chunk, waiting in line included.",
        )
        self._lines = self._counter(
            "parallax_commentary_lines",
            "Lines of commentaries, by outcome: ok, or the code of what went wrong.",
            "outcome",
        )
        self._spoken = self._counter(
            "parallax_voice_requests",
            "Lines that voices were asked to speak, by outcome: ok, or the error's code.",
            "voice",
            "outcome",
        )
        self._speaking = self._histogram(
            "parallax_voice_duration_seconds", "From asking a voice to the spoken line.", "voice"
        )
        self._characters = self._counter(
            "parallax_voice_characters", "Characters the voices' vendors counted.", "voice"
        )

    def _counter(self, name, help, *labels):
        return Counter(name, help, labels, registry=self._registry)

    def _histogram(self, name, help, *labels, buckets=SECONDS):
        return Histogram(name, help, labels, buckets=buckets, registry=self._registry)

    def watch(self, name, help, read):
        """A gauge that asks when it is asked."""
        Gauge(name, help, registry=self._registry).set_function(read)

    def text(self):
        return generate_latest(self._registry)

    # -- requests and runs

    def answered(self, method, route, status):
        self._answers.labels(method, route, str(status)).inc()

    def refused(self, status):
        self._refused.labels(str(status)).inc()

    def run_began(self, run):
        self._open_runs.inc()

    def run_ended(self, run):
        self._open_runs.dec()
        self._runs.labels(run.kind, run.state).inc()

    # -- models, whoever asks them

    def model_cached(self, provider):
        """An answer that was kept was given again: nobody was asked."""
        self._requests.labels(provider, "cached").inc()

    def model_ended(self, provider, code, duration, to_first, usage):
        """`code` is that of the error it ended with, or None; `to_first`, the seconds up to
        its first text, None if there was none."""
        self._requests.labels(provider, code or "ok").inc()
        self._duration.labels(provider).observe(duration)
        self._operation.labels("chat", provider, code or "").observe(duration)
        if to_first is not None:
            self._first_text.labels(provider).observe(to_first)
            self._to_first.labels("chat", provider).observe(to_first)
        for direction, count in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if count:
                self._tokens.labels(provider, direction).inc(count)
                self._usage.labels("chat", provider, direction).observe(count)

    # -- commentaries

    def stage_ended(self, stage, seconds):
        self._stage.labels(stage).observe(seconds)

    def first_chunk(self, seconds):
        self._first_chunk.observe(seconds)

    def line(self, code=None):
        """One was placed, or will not be heard, for the reason of that code."""
        known = code if code is None or code in LINE_CODES else "other"
        self._lines.labels(known or "ok").inc()

    def spoke(self, voice, code, seconds, characters=None):
        self._spoken.labels(voice, code or "ok").inc()
        self._speaking.labels(voice).observe(seconds)
        if characters:
            self._characters.labels(voice).inc(characters)
