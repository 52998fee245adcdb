"""The engine, without HTTP: what every run must be, whatever the models do."""

import errno
import json
import os
import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.analysis.run import AnalysisRun
from server.errors import ProviderError, TooBusy
from server.gate import Gate
from server.models import Model, Slot
from server.providers import PROVIDERS, provider_class
from server.providers.base import Finish, Provider, Question, Usage
from tests import threads
from tests.live import until

DEADLINE_S = 10
ASKED = Question("What happens?")


class Scripted(Provider):
    """Does what its script says, a list of pieces, seconds to wait, errors and the like."""

    scripts: dict[str, list] = {}
    remote = False

    def answer(self, question, call):
        for step in self.scripts[self.model.upstream]:
            if isinstance(step, float):
                call.token.wait(step)
            elif isinstance(step, Exception):
                raise step
            elif callable(step):
                step(call)
            else:
                yield step


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    monkeypatch.setitem(PROVIDERS, "scripted", f"{__name__}:Scripted")
    monkeypatch.setattr(
        "server.models.provider_class",
        lambda name: Scripted if name == "scripted" else provider_class(name),
    )
    monkeypatch.setattr(Scripted, "scripts", {})


def run_of(services, scripts, question=ASKED, **options):
    slots = []
    for name, script in scripts.items():
        Scripted.scripts[name] = script
        slots.append(Slot(name, Model(name, "scripted", name, upstream=name), {}))
    run, _ = services.runs.admit(lambda: AnalysisRun(question, slots, services, **options))
    return run


def listen(run, on_event=lambda event: None):
    """Every event of the run, as a client would read it."""
    executor = ThreadPoolExecutor(len(run.lanes), thread_name_prefix="analysis")
    run.attach()
    events = []
    for frames in run.start(executor):
        for frame in frames:
            number, data = frame.decode().rstrip("\n").split("\n")
            assert number == f"id: {len(events) + 1}"
            event = json.loads(data.removeprefix("data: "))
            events.append(event)
            on_event(event)
    run.detach()
    return events


def begun(services, script):
    """A run that has said its first message to the client that started it."""
    run = run_of(services, {"a": script})
    run.attach()
    next(run.start(ThreadPoolExecutor(1)))
    return run


def of(events, model):
    return [event for event in events if event.get("model") == model]


def kinds(events):
    return [event["event_type"] for event in events]


def text(events):
    return "".join(e["text"] for e in events if e["event_type"] == "text_generation")


def check_shape(events, models):
    """start first; per model start <= text* <= one end or error; one complete, last."""
    assert kinds(events)[0] == "start" and kinds(events)[-1] == "complete"
    assert kinds(events).count("start") == kinds(events).count("complete") == 1
    for model in models:
        mine = [k for k in kinds(of(events, model)) if k != "model_waiting"]
        assert mine[0] == "model_start"
        assert mine.count("model_start") == 1
        assert mine[-1] in ("model_end", "error")
        assert mine.count("model_end") + mine.count("error") == 1
        assert set(mine[1:-1]) <= {"text_generation", "performance_metrics"}
        assert (
            "text_generation" not in mine[mine.index("performance_metrics") :]
            if ("performance_metrics" in mine)
            else True
        )


def test_who_waits_for_its_turn_to_begin_has_asked_nobody_yet(make_services):
    services, asked, started = make_services(), [], []
    listeners = []
    with services.turns_to_begin:
        for name in ("first", "second"):
            note = lambda call, name=name: asked.append(name)  # noqa: E731
            run = run_of(services, {name: [note, "Yes."]})
            listener = threading.Thread(target=listen, args=(run, started.append))
            listener.start()
            listeners.append((run, listener))
            until(lambda: len(services.turns_to_begin._waiting) == len(listeners))
        assert [event["event_type"] for event in started] == ["start", "start"]
        assert not asked
    for run, listener in listeners:
        listener.join()
        assert run.state == "complete"
    assert sorted(asked) == ["first", "second"]


def test_two_models_answer_and_their_words_arrive_whole_and_interleaved(make_services):
    pieces = [f"{n} " for n in range(20)]
    run = run_of(make_services(), {"a": pieces, "b": pieces})
    events = listen(run)
    check_shape(events, "ab")
    assert text(of(events, "a")) == text(of(events, "b")) == "".join(pieces)
    assert events[-1]["succeeded"] == events[-1]["models_analyzed"] == 2
    assert run.state == "complete"


def test_every_event_of_a_model_names_it_twice(make_services):
    events = listen(run_of(make_services(), {"a": ["x"], "b": [ProviderError("auth", "no")]}))
    for event in events[1:-1]:
        assert event["model"] == event["model_name"]


def test_a_failure_is_the_models_own_and_never_text(make_services):
    scripts = {"good": ["fine"], "bad": ["half ", ProviderError("upstream", "It broke.")]}
    events = listen(run_of(make_services(), scripts))
    check_shape(events, scripts)
    error = of(events, "bad")[-1]
    assert (error["code"], error["retryable"], error["partial"]) == ("upstream", True, True)
    assert text(of(events, "good")) == "fine"
    assert text(of(events, "bad")) == "half "
    assert (events[-1]["succeeded"], events[-1]["failed"]) == (1, 1)


def test_when_all_fail_the_run_still_completes(make_services):
    scripts = {name: [ProviderError("auth", "no")] for name in "abc"}
    events = listen(run_of(make_services(), scripts))
    check_shape(events, "abc")
    assert (events[-1]["succeeded"], events[-1]["failed"]) == (0, 3)


def test_a_bug_in_a_provider_is_internal_and_tells_nothing(make_services, caplog):
    events = listen(run_of(make_services(), {"a": [ValueError("secret-detail")]}))
    check_shape(events, "a")
    assert of(events, "a")[-1]["code"] == "internal"
    assert "secret-detail" not in json.dumps(events)


def test_metrics_are_what_was_measured_and_null_where_nothing_was(make_services):
    script = [0.1, "one two ", 0.1, "three", Usage(output_tokens=5)]
    began = time.monotonic()
    events = listen(run_of(make_services(), {"a": script, "b": []}))
    measured = next(e for e in of(events, "a") if e["event_type"] == "performance_metrics")
    metrics = measured["metrics"]
    took = time.monotonic() - began
    assert 0.09 < metrics["time_to_first_text"] < metrics["duration"] - 0.09
    assert metrics["duration"] < took + 0.01
    assert (metrics["word_count"], metrics["char_count"]) == (3, 13)
    assert metrics["throughput"] == pytest.approx(3 / metrics["duration"], rel=0.02)
    assert (metrics["input_tokens"], metrics["output_tokens"], metrics["cost"]) == (None, 5, None)
    silent = next(e for e in of(events, "b") if e["event_type"] == "performance_metrics")["metrics"]
    assert (silent["time_to_first_text"], silent["throughput"]) == (None, None)


def test_the_finish_reason_is_the_vendors(make_services):
    events = listen(run_of(make_services(), {"a": ["x", Finish("length")]}))
    assert of(events, "a")[-1]["finish_reason"] == "length"


def test_a_fast_model_is_heard_while_a_slow_one_is_silent(make_services):
    slow_may_go = threading.Event()
    scripts = {"fast": ["now"], "slow": [lambda call: slow_may_go.wait(DEADLINE_S), "later"]}

    def on_event(event):
        if event["event_type"] == "text_generation" and event["model"] == "fast":
            slow_may_go.set()

    events = listen(run_of(make_services(), scripts), on_event)
    order = [e["model"] for e in events if e["event_type"] == "text_generation"]
    assert order == ["fast", "slow"]


def test_words_that_come_thick_and_fast_leave_several_at_a_time(make_services):
    services = make_services(yield_delay_ms=50)
    fast = [step for number in range(100) for step in (f"{number} ", 0.001)]
    run = run_of(services, {"a": fast, "b": fast})
    run.attach()
    writes = [frames for frames in run.start(ThreadPoolExecutor(2)) if frames]
    run.detach()
    said = [frame for frames in writes for frame in frames if b"text_generation" in frame]
    assert len(said) == 200 and len(writes) < 200 / 3
    own = [int(json.loads(f.split(b"data: ")[1])["text"]) for f in said if b'"model":"a"' in f]
    assert own == list(range(100))


def test_a_silent_model_is_said_to_be_waited_for_with_its_phase(make_services, monkeypatch):
    monkeypatch.setattr("server.analysis.ticks.WAITING_EVERY_S", 0.05)
    told = threading.Event()
    uploads = [lambda call: call.phase("uploading"), lambda call: told.wait(DEADLINE_S)]
    run = run_of(make_services(), {"a": [*uploads, "at last", 0.2]})
    events = listen(run, lambda e: e.get("phase") == "uploading" and told.set())
    phases = [e["phase"] for e in events if e["event_type"] == "model_waiting"]
    assert phases[-1] == "uploading" and set(phases) <= {"starting", "uploading"}
    assert kinds(of(events, "a")).index("text_generation") > max(
        i for i, k in enumerate(kinds(of(events, "a"))) if k == "model_waiting"
    )


@pytest.mark.parametrize(
    "script, limit, code",
    [
        ([30.0], "first_text_timeout_s", "timeout_first_text"),
        (["x", 30.0], "idle_timeout_s", "timeout_idle"),
        (["x ", 0.05] * 1000, "model_timeout_s", "timeout_total"),
    ],
)
def test_each_deadline_is_kept_and_the_others_go_on(make_services, script, limit, code):
    run = run_of(make_services(**{limit: 1.0}), {"late": script, "fine": ["ok"]})
    events = listen(run)
    check_shape(events, ["late", "fine"])
    assert of(events, "late")[-1]["code"] == code
    assert of(events, "late")[-1]["retryable"]
    assert 0.9 < events[-1]["total_time"] < 15
    assert text(of(events, "fine")) == "ok"


def test_a_worker_that_ignores_the_hang_up_is_given_up_on(make_services):
    stuck = threading.Event()
    run = run_of(
        make_services(first_text_timeout_s=0.2), {"deaf": [lambda call: stuck.wait(DEADLINE_S)]}
    )
    events = listen(run)
    stuck.set()
    assert of(events, "deaf")[-1]["code"] == "timeout_first_text"
    assert events[-1]["total_time"] < DEADLINE_S


def test_one_model_can_be_stopped_and_the_others_go_on(make_services):
    scripts = {"stop": ["x", 30.0], "go": ["a", 0.1, "b"]}
    run = run_of(make_services(), scripts)

    def on_event(event):
        if event.get("model") == "stop" and event["event_type"] == "text_generation":
            run.cancel_model("stop", ProviderError("cancelled", "Stopped."))
            run.cancel_model("stop", ProviderError("cancelled", "Stopped."))

    events = listen(run, on_event)
    check_shape(events, scripts)
    assert of(events, "stop")[-1]["code"] == "cancelled"
    assert text(of(events, "go")) == "ab"
    assert (events[-1]["succeeded"], events[-1]["cancelled"]) == (1, 1)


def test_stopping_the_run_stops_every_model(make_services):
    run = run_of(make_services(), {"a": ["x", 30.0], "b": [30.0]})
    stop = ProviderError("cancelled", "Stopped.")
    events = listen(run, lambda e: e["event_type"] == "text_generation" and run.cancel(stop))
    check_shape(events, "ab")
    assert events[-1]["cancelled"] == 2
    assert run.state == "cancelled"
    run.cancel(stop)


def test_a_success_is_kept_and_comes_back_in_its_pieces_marked(make_services):
    services = make_services()
    script = ["one ", "two ", Usage(3, 4)]
    first = listen(run_of(services, {"a": script}))
    again = listen(run_of(services, {"a": ["never asked"]}))
    pieces = [e["text"] for e in again if e["event_type"] == "text_generation"]
    assert pieces == ["one ", "two "]
    starts = [e["cached"] for e in first + again if e["event_type"] == "model_start"]
    assert starts == [False, True]
    fresh = listen(run_of(services, {"a": ["asked again"]}, refresh=True))
    assert text(fresh) == "asked again"


def test_models_begin_before_a_new_film_is_hashed_and_their_answer_is_kept(
    make_services, clip, monkeypatch
):
    services, known = make_services(), threading.Event()
    library = services.library
    shutil.copy(clip, library.folder / "film.mp4")
    real = library.contents._hash
    monkeypatch.setattr(
        library.contents, "_hash", lambda file: known.wait(DEADLINE_S) and real(file)
    )
    asked = Question("What happens?", library.find("film.mp4", None))
    run = run_of(services, {"a": ["one"]}, asked)
    first = listen(run, lambda e: e["event_type"] == "text_generation" and known.set())
    shutil.copy(clip, library.folder / "again.mp4")
    asked = Question("What happens?", library.find("again.mp4", None))
    again = listen(run_of(services, {"a": ["never asked"]}, asked))
    assert text(first) == text(again) == "one"
    assert [e["cached"] for e in first + again if e["event_type"] == "model_start"] == [False, True]


def test_no_end_waits_for_a_long_film_to_be_hashed_and_its_answer_is_kept_later(
    make_services, clip, monkeypatch
):
    services, read = make_services(), threading.Event()
    contents = services.library.contents
    monkeypatch.setattr("server.contents.QUICK_BYTES", 0)
    shutil.copy(clip, services.library.folder / "film.mp4")
    real = contents._hash
    monkeypatch.setattr(contents, "_hash", lambda file: read.wait(DEADLINE_S) and real(file))

    def asked():
        return Question("What happens?", services.library.find("film.mp4", None))

    def cached(events):
        return next(e["cached"] for e in events if e["event_type"] == "model_start")

    assert text(listen(run_of(services, {"a": ["one"]}, asked()))) == "one"
    assert not read.is_set() and asked().video.new
    assert not cached(listen(run_of(services, {"a": ["one"]}, asked())))
    read.set()
    until(lambda: not asked().video.new)
    again = until(lambda: cached(e := listen(run_of(services, {"a": ["one"]}, asked()))) and e)
    assert text(again) == "one"


def test_models_begin_before_a_long_film_that_was_touched_is_hashed_again(
    make_services, clip, monkeypatch
):
    services, read = make_services(), threading.Event()
    contents = services.library.contents
    film = services.library.folder / "film.mp4"
    shutil.copy(clip, film)
    assert services.library.find("film.mp4", None).digest
    os.utime(film, (1, 1))
    monkeypatch.setattr("server.contents.QUICK_BYTES", 0)
    real = contents._hash
    monkeypatch.setattr(contents, "_hash", lambda file: read.wait(DEADLINE_S) and real(file))
    asked = Question("What happens?", services.library.find("film.mp4", None))
    assert text(listen(run_of(services, {"a": ["one"]}, asked))) == "one"
    assert not read.is_set()
    read.set()


def test_an_answer_without_a_word_is_not_kept(make_services):
    services = make_services()
    for _ in range(2):
        events = listen(run_of(services, {"a": [" \n"]}))
        assert [e["cached"] for e in events if e["event_type"] == "model_start"] == [False]


def test_an_answer_about_a_film_that_cannot_be_hashed_is_one_all_the_same(
    make_services, clip, monkeypatch
):
    services = make_services()
    shutil.copy(clip, services.library.folder / "film.mp4")

    def unreadable(file):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(services.library.contents, "_hash", unreadable)
    asked = Question("What happens?", services.library.find("film.mp4", None))
    events = listen(run_of(services, {"a": ["one"]}, asked))
    assert text(events) == "one" and kinds(of(events, "a"))[-1] == "model_end"


def test_a_failure_is_never_kept(make_services):
    services = make_services()
    listen(run_of(services, {"a": ["half", ProviderError("truncated", "cut")]}))
    assert text(listen(run_of(services, {"a": ["whole"]}))) == "whole"


def test_an_endless_answer_is_cut_at_the_limit(make_services):
    run = run_of(make_services(max_answer_chars=100), {"a": ["0123456789"] * 1000})
    events = listen(run)
    assert of(events, "a")[-1]["code"] == "truncated"
    assert len(text(events)) == 100


def test_a_bug_of_ours_ends_the_run_as_every_run_ends(make_services, monkeypatch):
    run = run_of(make_services(), {"a": [30.0]})
    monkeypatch.setattr("server.analysis.interleave.RoundRobin.take_all", lambda self: 1 / 0)
    events = listen(run)
    assert kinds(events) == ["start", "error", "error", "complete"]
    assert events[1]["model"] == "a" and "model" not in events[2]
    assert events[1]["code"] == events[2]["code"] == "internal"
    assert (events[-1]["failed"], run.state) == (1, "failed")
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("analysis")])


@pytest.mark.parametrize("evidence", [{"a": float("nan")}, {"a": {1}}, object()])
def test_evidence_no_message_can_carry_is_that_models_fault_only(
    make_services, evidence, monkeypatch
):
    def given(self, question):
        return evidence if self.model.name == "odd" else {}

    monkeypatch.setattr(Scripted, "evidence", given)
    events = listen(run_of(make_services(), {"odd": ["x"], "fine": ["ok"]}))
    check_shape(events, ["odd", "fine"])
    assert of(events, "odd")[-1]["code"] == "internal"
    assert text(of(events, "fine")) == "ok"


def test_counts_no_vendor_can_have_counted_are_null(make_services):
    usage = Usage(input_tokens=-5, output_tokens=2.5, cost=float("nan"))
    events = listen(run_of(make_services(), {"a": ["x", usage]}))
    metrics = next(e for e in events if e["event_type"] == "performance_metrics")["metrics"]
    assert (metrics["input_tokens"], metrics["output_tokens"], metrics["cost"]) == (None,) * 3


def test_the_first_client_leaves_before_it_began_but_another_came_for_it(make_services):
    services = make_services()
    run = run_of(services, {"a": ["asked once"]})
    run.attach()  # the first
    run.attach()  # the second, by the same key
    run.release()
    until(lambda: run.journal.closed)
    assert run.summary()["models"]["a"]["text"] == "asked once"


def test_a_client_that_got_a_place_finds_its_run_still_there(make_services):
    run = run_of(make_services(), {"a": ["asked once"]})
    run.attach()  # the first, that finds no place for itself
    leaving = threading.Thread(target=run.release)

    def enter():
        leaving.start()
        leaving.join(0.2)  # it has all the time to take the run back
        return "place"

    assert run.attach(enter) == "place"
    until(lambda: run.journal.closed)
    assert run.summary()["models"]["a"]["text"] == "asked once"


def test_who_gets_no_place_does_not_count_as_a_reader(make_services):
    run = run_of(make_services(), {"a": ["x"]})
    run.attach()
    with pytest.raises(TooBusy):
        run.attach(Gate(0, "streams").enter)
    run.release()
    assert run.state == "cancelled" and run.journal.closed


def test_threads_are_gone_when_the_run_is_over(make_services):
    services = make_services()
    listen(run_of(services, {name: ["x"] for name in "abcdef"}))
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("analysis")])


def test_model_text_of_every_kind_is_one_event_and_comes_through_exactly(make_services):
    nasty = [
        "\n",
        "\r\n",
        "\u2028",
        "data: [DONE]",
        "\n\nevent: x",
        "\0",
        "\ufeff",
        "é",
        "👩‍👩‍👧",
        "ש",
    ]
    events = listen(run_of(make_services(), {"a": nasty}))
    assert [e["text"] for e in events if e["event_type"] == "text_generation"] == nasty


steps = st.one_of(
    st.text(max_size=5),
    st.sampled_from([0.0, 0.001, 0.003]),
    st.sampled_from([Usage(1, 2), Finish("length"), ProviderError("upstream", "x", False)]),
)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(steps, max_size=12), min_size=1, max_size=5), st.integers())
def test_every_schedule_has_the_right_shape(make_services, scripts, seed):
    services = make_services()
    named = {f"m{n}": script for n, script in enumerate(scripts)}
    run = run_of(services, named)
    chance = random.Random(seed)

    def on_event(event):
        if chance.random() < 0.05:
            run.cancel_model(chance.choice(list(named)), ProviderError("cancelled", "x"))

    check_shape(listen(run, on_event), named)


def test_a_reader_that_goes_leaves_the_run_to_a_keeper_and_comes_back(make_services):
    services = make_services(disconnect_grace_s=5)
    go_on = threading.Event()
    script = ["first ", lambda call: go_on.wait(DEADLINE_S), "second"]
    run = run_of(services, {"a": script})
    run.attach()
    reader = run.start(ThreadPoolExecutor(1))
    while b"first" not in b"".join(next(reader)):
        pass
    run.release()
    run.attach()  # somebody came back within the grace period
    go_on.set()
    until(lambda: run.journal.closed)
    assert run.state == "complete"
    assert run.summary()["models"]["a"]["text"] == "first second"


def test_a_run_for_which_no_keeper_can_be_had_ends_and_gives_its_place_back(make_services):
    services = make_services(disconnect_grace_s=60)
    run = begun(services, ["first ", 30.0])
    with threads.none_left("keeper"):
        run.release()
    assert run.state == "cancelled" and run.journal.closed
    assert services.runs.live() == []


def test_nobody_coming_back_cancels_the_run(make_services):
    services = make_services(disconnect_grace_s=0.1)
    run = begun(services, ["x", 30.0])
    began = time.monotonic()
    run.release()
    until(lambda: run.journal.closed)
    assert run.state == "cancelled"
    assert time.monotonic() - began < 15


def test_a_reader_that_goes_before_the_very_last_message_leaves_no_run_open(make_services):
    services = make_services()
    run = run_of(services, {"a": ["x"]})
    run.attach()
    reader = run.start(ThreadPoolExecutor(1))
    while b'"complete"' not in b"".join(next(reader)):
        pass
    run.release()
    until(lambda: services.runs.live() == [])
    assert run.journal.closed


def test_a_run_never_started_asks_nobody_and_is_forgotten(make_services):
    services = make_services()
    run = run_of(services, {"a": [lambda call: pytest.fail("asked")]})
    run.attach()
    run.release()
    assert run.state == "cancelled"
    assert services.runs.live() == []
