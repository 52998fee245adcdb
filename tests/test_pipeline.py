import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.cancel import CancelToken
from server.commentary.base import Picture, Stage, StageError, Stretch, Window
from server.commentary.pipeline import IN_FLIGHT, Pipeline
from server.errors import Abandoned, MediaError, ProviderError
from tests.live import until

COUNT = 12


def film(count=COUNT):
    for index in range(count):
        yield Stretch(Window(index, index * 10.0, index * 10.0 + 10), Picture(Path("film.mp4")))


class Works(Stage):
    """Notes down what it worked on, and fails where it is told to."""

    def __init__(self, name, workers=1, ordered=False, always=False, fails=(), error=None):
        super().__init__(None)
        self.name, self.workers, self.ordered, self.always = name, workers, ordered, always
        self.fails, self.error = fails, error or StageError("upstream", "Told to fail.")
        self.saw = []

    def work(self, stretch):
        self.saw.append(stretch.window.index)
        if stretch.window.index in self.fails:
            raise self.error
        return stretch.but(warnings=(*stretch.warnings, self.name))


def run(stages, stretches=None, token=None):
    passed = []
    with ThreadPoolExecutor(Pipeline.threads(stages)) as executor:
        pipeline = Pipeline(
            stages, executor, token or CancelToken(), lambda stage, done: passed.append(stage.name)
        )
        found = list(pipeline.run(film() if stretches is None else stretches))
    assert len(passed) == sum(len(found) for _ in stages)
    return found


def numbers(stretches):
    return [stretch.window.index for stretch in stretches]


def test_every_stretch_passes_every_stage_and_comes_out_in_order():
    stages = [Works("a", workers=4), Works("b", ordered=True), Works("c", workers=3)]
    found = run(stages)
    assert numbers(found) == list(range(COUNT))
    assert all(stretch.warnings == ("a", "b", "c") for stretch in found)
    assert stages[1].saw == list(range(COUNT))


def test_stages_work_at_the_same_time():
    """The last stage has the first stretch while the first stage is still at work."""
    reached = threading.Event()

    class Last(Works):
        def work(self, stretch):
            reached.set()
            return super().work(stretch)

    class First(Works):
        def work(self, stretch):
            if stretch.window.index == COUNT - 1:
                assert reached.wait(10)
            return super().work(stretch)

    found = run([First("first"), Works("middle"), Last("last")])
    assert len(found) == COUNT and not any(stretch.lost for stretch in found)


@pytest.mark.parametrize("fails", [[0], [COUNT - 1], range(COUNT)])
def test_a_failure_costs_its_stretch_the_rest_and_nobody_else_anything(fails):
    after, always = Works("after"), Works("always", always=True)
    found = run([Works("bad", workers=2, fails=fails), after, always])
    assert numbers(found) == list(range(COUNT))
    for stretch in found:
        if stretch.window.index in fails:
            assert [(loss.stage, loss.code) for loss in stretch.lost] == [("bad", "upstream")]
            assert stretch.window.index not in after.saw
        else:
            assert not stretch.lost
        assert stretch.window.index in always.saw


@pytest.mark.parametrize(
    "error, code",
    [
        (ProviderError("quota", "Used up."), "quota"),
        (MediaError("Damaged."), "media"),
        (ZeroDivisionError("a secret"), "internal"),
    ],
)
def test_a_loss_says_why_in_words_for_readers(error, code):
    (stretch,) = run([Works("bad", fails=[0], error=error)], film(1))
    assert stretch.lost[0].code == code
    assert "secret" not in stretch.lost[0].message


def test_what_must_not_fail_ends_the_job_with_its_error():
    with pytest.raises(MediaError):
        run([Works("a"), Works("cut", always=True, fails=[3], error=MediaError("Damaged."))])


def test_a_source_that_breaks_ends_the_job_with_its_error():
    def broken():
        yield from film(2)
        raise MediaError("Damaged.")

    with pytest.raises(MediaError):
        run([Works("a")], broken())


@pytest.mark.parametrize("how", ["a failure", "a cancel"])
def test_what_the_stretches_come_from_is_closed_by_the_thread_that_began_it(how):
    token, threads = CancelToken(), []

    def source():
        threads.append(threading.current_thread())
        try:
            yield from film(50)
        finally:
            threads.append(threading.current_thread())

    class Ends(Works):
        def work(self, stretch):
            if how == "a cancel":
                token.cancel("enough")
            raise MediaError("Damaged.")

    with pytest.raises((MediaError, Abandoned)):
        run([Ends("cut", always=True)], source(), token)
    assert len(threads) == 2 and threads[0] is threads[1]


def test_a_cancel_ends_it_while_a_stage_is_blocked():
    token, started = CancelToken(), threading.Event()

    class Blocked(Works):
        def work(self, stretch):
            started.set()
            token.wait(60)

    raised = []

    def whole():
        try:
            run([Blocked("blocked"), Works("after")], token=token)
        except Abandoned as error:
            raised.append(error)

    thread = threading.Thread(target=whole)
    thread.start()
    assert started.wait(20)
    token.cancel("enough")
    until(lambda: raised)
    thread.join(20)


def test_stretches_that_overtake_an_earlier_one_never_take_its_place():
    gate, last, lock = threading.Event(), Works("last", workers=2), threading.Lock()

    class First(Works):
        def work(self, stretch):
            if stretch.window.index == 0:
                assert gate.wait(10)
            return super().work(stretch)

    class Second(Works):
        def work(self, stretch):
            with lock:
                done = super().work(stretch)
                if len(self.saw) == IN_FLIGHT - 1:
                    gate.set()  # every other place is taken by now
            return done

    stages = [First("first", workers=3), Second("second", workers=2), last]
    found = run(stages, film(50))
    assert numbers(found) == list(range(50)) and not any(stretch.lost for stretch in found)


def test_few_stretches_are_worked_on_ahead():
    """However long the film: what a slow stage has not taken yet is not worked on ahead."""
    gate, first = threading.Event(), Works("first")

    class Slow(Works):
        def work(self, stretch):
            gate.wait(10)
            return super().work(stretch)

    result = []
    thread = threading.Thread(target=lambda: result.extend(run([first, Slow("slow")], film(100))))
    thread.start()
    until(lambda: len(first.saw) == IN_FLIGHT, 8)
    gate.set()
    thread.join(20)
    assert len(result) == 100
