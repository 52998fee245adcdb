"""What the server counts, in Prometheus' words. Base units, bounded labels."""

import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import generate_latest

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
TOKENS = tuple(4**power for power in range(14))  # as OpenTelemetry advises


class Metrics:
    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self):
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._runs = Counter(
            "parallax_runs", "Runs that ended, by how.", ["kind", "state"], registry=registry
        )
        self._open_runs = Gauge("parallax_runs_open", "Runs being served.", registry=registry)
        self._requests = Counter(
            "parallax_model_requests",
            "Models asked, by outcome: ok, cached, or the error's code.",
            ["provider", "outcome"],
            registry=registry,
        )
        self._first_text = Histogram(
            "parallax_time_to_first_text_seconds",
            "From asking a model to its first text.",
            ["provider"],
            buckets=SECONDS,
            registry=registry,
        )
        self._duration = Histogram(
            "parallax_model_duration_seconds",
            "From asking a model to its end.",
            ["provider"],
            buckets=SECONDS,
            registry=registry,
        )
        self._tokens = Counter(
            "parallax_tokens",
            "Tokens the vendors reported.",
            ["provider", "direction"],
            registry=registry,
        )
        # OpenTelemetry's names for the same, for dashboards that know those.
        operation = ["gen_ai_operation_name", "gen_ai_provider_name"]
        self._operation = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "From asking a model to its end, by the error's code where it failed.",
            [*operation, "error_type"],
            buckets=SECONDS,
            registry=registry,
        )
        self._to_first = Histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From asking a model to its first text.",
            operation,
            buckets=SECONDS,
            registry=registry,
        )
        self._usage = Histogram(
            "gen_ai_client_token_usage",
            "Tokens the vendors reported, of each request.",
            [*operation, "gen_ai_token_type"],
            buckets=TOKENS,
            registry=registry,
        )
        self._refused = Counter(
            "parallax_refused", "Requests refused, by status.", ["status"], registry=registry
        )
        Gauge("parallax_threads", "Threads alive.", registry=registry).set_function(
            threading.active_count
        )

    def watch(self, name, help, read):
        """A gauge that asks when it is asked."""
        Gauge(name, help, registry=self._registry).set_function(read)

    def run_began(self, run):
        self._open_runs.inc()

    def run_ended(self, run):
        self._open_runs.dec()
        self._runs.labels(run.kind, run.state).inc()

    def model_ended(self, lane):
        provider = lane.slot.model.provider
        outcome = lane.error.code if lane.error else "cached" if lane.cached else "ok"
        self._requests.labels(provider, outcome).inc()
        if lane.cached:
            return
        measured = lane.metrics
        self._duration.labels(provider).observe(measured["duration"])
        error = lane.error.code if lane.error else ""
        self._operation.labels("chat", provider, error).observe(measured["duration"])
        if measured["time_to_first_text"] is not None:
            self._first_text.labels(provider).observe(measured["time_to_first_text"])
            self._to_first.labels("chat", provider).observe(measured["time_to_first_text"])
        for direction in ("input", "output"):
            if count := measured[f"{direction}_tokens"]:
                self._tokens.labels(provider, direction).inc(count)
                self._usage.labels("chat", provider, direction).observe(count)

    def refused(self, status):
        self._refused.labels(str(status)).inc()

    def text(self):
        return generate_latest(self._registry)
