"""Responses that stream a run: to the client that started it, and to those who follow."""

import time
from contextlib import ExitStack

from flask import Response, request

from .. import patient, sse
from ..errors import BadRequest, TooBusy
from . import addresses, services


class Stream(Response):
    def iter_encoded(self):
        """It is bytes already: no generator that looks at each piece for text."""
        return self.response

    def get_app_iter(self, environ):
        """What gunicorn iterates over and closes: no iterator around it, asked for each piece."""
        return self

    def __iter__(self):
        return iter(self.response)


def admit_reader(run, on_leave):
    """Take a place at the gate and watch this client; returns (visitor, how to leave)."""
    doorman = services().doorman
    with ExitStack() as undo:
        leave_gate = run.attach(services().streams.enter)
        undo.callback(run.detach)
        undo.callback(leave_gate)
        try:
            visitor = doorman.admit(request.environ, on_leave)
            undo.callback(doorman.dismiss, visitor)
            if sock := request.environ.get("gunicorn.socket"):
                patient.write_within(sock, services().settings.send_timeout_s)
        except (OSError, ValueError, RuntimeError) as error:  # no descriptor, socket or thread
            why = getattr(error, "strerror", None) or error
            raise TooBusy(f"No more can be let in ({why}).", retry_after=2) from None
        undo.pop_all()

    def leave():
        doorman.dismiss(visitor)
        leave_gate()

    return visitor, leave


def admit_starter(run):
    """The same for the client that starts the run. If it is refused, the run is taken back."""
    try:
        return admit_reader(run, run.poke)
    except TooBusy:
        run.attach()
        run.release()
        raise


def sse_response(run, executor):
    """The run, to the client that asked for it.

    The generator view: it pulls the run's reader, which takes the models' words round-robin
    from a buffer for each, and ends with `data: [DONE]`."""
    visitor, leave = admit_starter(run)
    yield_delay_s = services().settings.yield_delay_ms / 1000
    moved = services().streams.moved

    def frames():
        if visitor.peek():
            return  # it left while its request was queued: nobody is asked
        yield sse.RETRY
        for messages in run.start(executor):
            if visitor.gone:
                return
            yield b"".join(messages) or sse.HEARTBEAT
            moved()
        time.sleep(yield_delay_s)
        yield sse.DONE

    # On the response, not in the generator: one that never started runs no `finally`.
    return closing(Stream(frames(), headers=headers(run)), leave, run.release)


def follow_response(run, after=0):
    """Everything of the run after that message, then live. Starts nothing."""
    if run.journal.closed and 0 < run.journal.length <= after:
        return Response(status=204, headers={"X-Run-Id": run.id})
    if request.method == "HEAD":
        return Response(headers=headers(run))
    visitor, leave = admit_follower(run)
    leaving = when_to_leave(visitor, run)
    heartbeat_s = services().settings.heartbeat_s
    moved = services().streams.moved
    seen_here = addresses.seen_here(run)

    def frames(after):
        yield sse.RETRY
        while not visitor.gone:
            moved()
            closed = run.journal.closed
            messages = run.journal.after(after)
            if messages:
                after += len(messages)
                yield seen_here(b"".join(messages))
            elif closed and run.journal.closed:  # one in a store may turn out to go on
                if run.farewell and run.journal.length and not run.journal.forgotten:
                    yield run.farewell
                return
            elif leaving():
                return  # it has not ended, and is to be had from any other server
            else:
                run.journal.wait(after, heartbeat_s, leaving)
                if run.journal.length <= after and not run.journal.closed:
                    yield sse.HEARTBEAT

    return closing(Stream(frames(after), headers=headers(run)), leave, run.detach)


def admit_follower(run):
    """The same for one who comes for a run that somebody else started."""
    visitor, leave = admit_reader(run, run.journal.poke)
    if run.journal.closed and not run.journal.length:
        # Its first client left before it began, and this one came too late to keep it.
        leave()
        run.detach()
        raise taken_back()
    return visitor, leave


def when_to_leave(visitor, run):
    """A test for who waits on a run: true once the client has gone, or once this server is
    stopping while the run goes on elsewhere, where any other server can follow it."""
    runs = services().runs
    return lambda: visitor.gone or (run.elsewhere and runs.draining)


def taken_back():
    return TooBusy("The request that made this run was taken back.", retry_after=1)


def whole_run(run):
    return {"status": "ok", **run.summary()}


def json_result(run, executor, document=whole_run):
    """The same run as one document, for `"stream": false`."""
    visitor, leave = admit_starter(run)
    try:
        if not visitor.peek():
            for _ in run.start(executor):
                services().streams.moved()
                if visitor.gone:
                    break
    finally:
        leave()
        run.release()
    return document(run), 200, {"X-Run-Id": run.id}


def wait_for(run, document=whole_run):
    """A run somebody else started, as one document, once it has ended."""
    visitor, leave = admit_follower(run)
    leaving = when_to_leave(visitor, run)
    heartbeat_s = services().settings.heartbeat_s
    try:
        while not (run.journal.closed or leaving()):
            run.journal.wait(run.journal.length, heartbeat_s, leaving)
            services().streams.moved()
    finally:
        leave()
        run.detach()
    if not (run.journal.closed or visitor.gone):
        raise TooBusy("The server is restarting, and this goes on; ask again.", retry_after=2)
    if not run.journal.length:
        raise taken_back()
    return document(run.latest()), 200, {"X-Run-Id": run.id}


def last_event_id():
    text = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise BadRequest("Last-Event-ID must be the id of a message: a whole number.")
    return int(text)


def headers(run):
    return {**sse.HEADERS, "X-Run-Id": run.id}


def closing(response, *farewells):
    for farewell in farewells:
        response.call_on_close(farewell)
    return response
