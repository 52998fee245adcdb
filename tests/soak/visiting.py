"""Visitors who do as planned, and note what did not go as promised.

Whoever stays, or comes back, is owed the end of the story: every model's own end, then the
run's, then `[DONE]`, with the messages numbered without a hole. Whoever leaves is owed
nothing. A 503 that says when to come back is no fault: it is heeded, so often.
"""

import collections
import http.client
import json
import threading
import time

TRIES = 12
LONGEST_PAUSE_S = 1.0  # the server says 2 s and more; these visitors are in a hurry
COMMENTARY_ENDS = ("complete", "error", "cancelled")
STYLES = ("neutral", "sports", "documentary")


class Broken(Exception):
    """A promise was."""


class Visitors:
    def __init__(self, server, plan):
        self._server, self._plan = server, plan
        self._lock, self._half_came = threading.Lock(), threading.Event()
        self._next, self._half = 0, None
        self.done, self.broken = collections.Counter(), []
        self.refused = collections.Counter()

    def come(self, until, at_once, meanwhile=lambda: None):
        """Visitors up to that number, so many at once; `meanwhile` once half have come."""
        self._half = self._next + (until - self._next) // 2
        self._half_came.clear()
        visitors = [threading.Thread(target=self._visit, args=(until,)) for _ in range(at_once)]
        for visitor in visitors:
            visitor.start()
        self._half_came.wait()
        meanwhile()
        for visitor in visitors:
            visitor.join()

    def _visit(self, until):
        try:
            self._visit_again_and_again(until)
        finally:
            self._half_came.set()  # or a visit that cannot even break would be waited for

    def _visit_again_and_again(self, until):
        while True:
            with self._lock:
                if self._next >= self._half:
                    self._half_came.set()
                if self._next >= until:
                    return
                number, self._next = self._next, self._next + 1
            plan = self._plan(number)
            try:
                how = getattr(self, f"_{plan.kind}")(plan) or plan.way
            except (Broken, AssertionError, OSError, http.client.HTTPException) as error:
                how = "BROKEN"
                self.broken.append(f"visitor {plan}: {error!r}")
            with self._lock:
                self.done[plan.kind, how] += 1

    def _ask(self, *asked, **headers):
        """An open stream; asked again while the server says that it is busy."""
        for _ in range(TRIES):
            stream = self._server.open(*asked, **headers)
            if stream.status in (200, 204):
                return stream
            said = stream.response.read()
            stream.close()
            self._heed(stream.status, stream.headers, said)
        raise Broken(f"still refused after {TRIES} tries: {said!r}")

    def _heed(self, status, headers, said):
        again = headers.get("Retry-After")
        if status != 503 or again is None or json.loads(said)["code"] != "busy":
            raise Broken(f"{status}: {said[:300]!r}")
        with self._lock:
            self.refused[json.loads(said)["message"].split(";")[0].split(",")[0]] += 1
        time.sleep(min(float(again), LONGEST_PAUSE_S))

    # -- kinds of visits

    def _analysis(self, plan):
        asked = {"query": plan.question, "models": plan.models, "video_id": "film"}
        return self._watch(plan, self._ask({**asked, "refresh": plan.fresh}), "event_type")

    def _comparison(self, plan):
        asked = {"input_data": plan.question, "models": plan.models}
        return self._watch(plan, self._ask(asked, "/compare-stream"), "type")

    def _watch(self, plan, stream, kind):
        told, messages = [], stream.messages()
        while (plan.way == "stays" or len(told) < plan.after) and (one := next(messages, None)):
            told.append(one[1:])
        run = stream.headers["X-Run-Id"]
        if told and told[-1][1] == "[DONE]":
            how = "stays"
        elif plan.way in ("goes", "breaks off"):
            stream.close() if plan.way == "goes" else stream.reset()
            return None
        elif plan.way == "stops":
            self._stop(run)
            told += [one[1:] for one in messages]
            how = None
        elif plan.way == "returns":
            stream.close()
            last = told[-1][0] if told else 0
            rest = self._ask(None, f"/api/runs/{run}/stream", "GET", **{"Last-Event-ID": str(last)})
            told += [one[1:] for one in rest.messages()]
            rest.close()
            if rest.status == 204:  # it had read everything but the farewell
                told.append((None, "[DONE]"))
            how = None
        else:
            how = None  # it stayed, and the stream ended
        stream.close()
        check(told, plan, kind)
        return how

    def _stop(self, run):
        for _ in range(TRIES):
            status, headers, said = self._server.request("POST", f"/api/runs/{run}/cancel")
            if status == 200:
                return
            self._heed(status, headers, said)
        raise Broken(f"could not be stopped: {said!r}")

    def _chat(self, plan):
        messages = [{"role": "user", "content": plan.question}]
        asked = {"model": plan.models[0], "messages": messages, "stream": True}
        stream = self._server.open(asked, "/v1/chat/completions")
        if stream.status == 200 and plan.way in ("goes", "breaks off"):
            stream.response.read1(200)
            stream.close() if plan.way == "goes" else stream.reset()
            return None
        whole = stream.response.read()
        stream.close()
        if whole.endswith(b"data: [DONE]\n\n"):
            return "stays"
        # Here a failure is the last word, as a status before the first text, and an event after.
        error = json.loads(whole.strip().rpartition(b"\ndata: ")[2])["error"]
        if error["code"] is None or "fault of this server" in error["message"]:
            raise Broken(f"{stream.status}, and at the end {error}")
        return "stays: error"

    def _bytes(self, plan):
        """Reads from somewhere in the film, perhaps not to the end."""
        connection = self._server.connect()
        connection.request("GET", "/api/videos/film", headers={"Range": f"bytes={plan.after}00-"})
        response = connection.getresponse()
        if response.status == 503:
            self._heed(response.status, response.headers, response.read())
        elif response.status != 206:
            raise Broken(f"{response.status}: {response.read()[:300]!r}")
        elif plan.way == "stays":
            response.read()
        connection.close()

    def _commentary(self, plan):
        style = STYLES[plan.number % len(STYLES)]
        path = f"/api/analyze-stream/film.mp4?style={style}" + ("&new=1" if plan.fresh else "")
        stream = self._ask(None, path, "GET")
        told = []
        for _, number, event in stream.messages():
            told.append((number, event))
            if plan.way != "stays" and len(told) > plan.after:
                if plan.way != "stops":
                    stream.close()
                    return None
                if len(told) == plan.after + 1:
                    self._stop(stream.headers["X-Run-Id"])
        stream.close()
        last = told[-1][1] if told else None
        if sum(event["type"] in COMMENTARY_ENDS for _, event in told) != 1:
            raise Broken(f"no end after {len(told)} messages: {last}")
        if last["type"] == "error" and "restarting" in last["message"]:
            return "stays: interrupted"  # the one failure there is a reason for
        if last["type"] not in ("complete", "cancelled"):
            raise Broken(f"the last word is {last}")
        return f"stays: {last['type']}"


def check(told, plan, kind):
    """What is owed to whoever heard a run to its end."""
    numbers, events = zip(*told, strict=True) if told else ((), ())
    if not events or events[-1] != "[DONE]":
        raise Broken(f"no end after {len(events)} messages: {events[-1:]}")
    *numbers, _ = numbers
    *events, last, _ = events
    if numbers != list(range(1, len(numbers) + 1)):
        raise Broken(f"numbered {numbers}")
    if last[kind] != "complete":
        raise Broken(f"the last word is {last}")
    ended = ("model_end", "error") if kind == "event_type" else ("done",)
    for model in plan.models:
        ends = [event for event in events if event.get("model") == model and event[kind] in ended]
        if len(ends) != 1:
            raise Broken(f"{model} ended {len(ends)} times")
