import os
import resource
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.cancel import CancelToken

from server.commentary.session import Session
from server.commentary.sessions import Gone, Sessions
from server.errors import Abandoned, NotFound, OutOfSpace

ID = "a-b_" + "x" * 20
OTHER = "y" * 24


@pytest.fixture
def sessions(tmp_path):
    return Sessions(tmp_path, retention_s=3600, max_bytes=10_000)


def made(sessions, id=ID, size=100, age_s=0.0):
    session = sessions.open(id)
    session.make()
    session.chunk(0).write_bytes(b"x" * size)
    then = time.time() - age_s
    os.utime(session.folder, (then, then))
    return session


def test_a_session_has_its_public_files_and_no_others(sessions):
    session = made(sessions)
    session.write("captions.vtt", "WEBVTT")
    session.keep("job.json", {"salt": ""})
    assert sessions.public_file(ID, "chunk_0.mp4").read_bytes() == b"x" * 100
    assert sessions.public_file(ID, "captions.vtt")
    for name in ("job", "job.json", "job/job.json", "../x", "chunk_1.mp4", "chunk_0.mp4.part", ""):
        with pytest.raises(NotFound):
            sessions.public_file(ID, name)


@pytest.mark.parametrize("id", ["", "..", "a" * 23, "a" * 25, "../" + "a" * 21, "a" * 23 + "\n"])
def test_what_is_no_id_is_no_session(sessions, id):
    with pytest.raises(NotFound):
        sessions.find(id)


@pytest.mark.parametrize("stem", ["sample", "a-b", "Фильм 50%", "x" * 300, "-", "a:b", "caf\udce9"])
def test_a_final_film_is_found_by_its_name(sessions, stem):
    session = made(sessions)
    path = session.final(stem)
    path.write_bytes(b"film")
    assert sessions.final_file(path.name) == path
    assert len(path.name.encode()) <= 255


@pytest.mark.parametrize("name", ["x.mp4", f"../{ID}.mp4", f"a/b-{ID}.mp4", f"film-{OTHER}.mp4"])
def test_what_is_no_final_film_is_not_found(sessions, name):
    made(sessions)
    with pytest.raises(NotFound):
        sessions.final_file(name)


def test_what_was_told_survives_a_crash_in_the_middle_of_a_line(sessions):
    session = made(sessions)
    session.tell([{"type": "status", "n": 1}, {"type": "status", "n": 2}])
    with open(session.private / "events.jsonl", "a") as file:
        file.write('{"type": "sta')
    assert [event["n"] for event in session.told()] == [1, 2]
    assert (session.private / "events.jsonl").read_text().endswith("sta"), "readers only read"
    session.mend()
    session.tell([{"type": "complete", "n": 3}])
    assert [event["n"] for event in session.told()] == [1, 2, 3]
    assert session.ended


def test_which_session_answers_what(sessions):
    session = made(sessions)
    assert sessions.answering("key") is None
    sessions.answers("key", session)
    assert sessions.answering("key").id == ID


def test_the_old_are_swept_and_remembered_as_gone(sessions):
    old, young = made(sessions, age_s=7200), made(sessions, OTHER)
    old.final("film").write_bytes(b"film")
    sessions.sweep()
    assert not old.folder.exists() and young.folder.exists()
    assert not list(sessions.generated.iterdir())
    with pytest.raises(Gone):
        sessions.find(ID)
    with pytest.raises(Gone):
        sessions.final_file(f"film-{ID}.mp4")


def test_what_is_just_being_written_is_not_swept(sessions):
    sessions.answers("key", made(sessions))
    writing = [sessions._asked / ".being-written", sessions.generated / ".part"]
    for path in writing:
        path.touch()
    sessions.sweep()
    assert all(path.exists() for path in writing)
    for path in writing:
        os.utime(path, (0, 0))
    sessions.sweep()
    assert not any(path.exists() for path in writing)
    assert sessions.answering("key").id == ID


def test_the_oldest_leave_when_they_take_too_much_room(sessions):
    oldest, newest = made(sessions, size=6000, age_s=60), made(sessions, OTHER, size=6000)
    sessions.sweep()
    assert not oldest.folder.exists() and newest.folder.exists()


def test_a_session_in_use_is_never_swept(sessions):
    session = made(sessions, size=60_000, age_s=7200)
    with sessions.using(ID):
        sessions.sweep()
        assert session.folder.exists()
    sessions.sweep()
    assert not session.folder.exists()


def test_a_watched_session_is_young_again(sessions):
    session = made(sessions, age_s=7200)
    sessions.public_file(ID, "chunk_0.mp4")
    sessions.sweep()
    assert session.folder.exists()


def test_they_are_listed_newest_first_and_their_beginnings_read_once(sessions, monkeypatch):
    assert sessions.newest() == []
    for id, created in ((ID, 10.0), (OTHER, 20.0)):
        made(sessions, id).keep("job.json", {"created": created})
    lost = "z" * 24
    made(sessions, lost)
    assert [each.id for each in sessions.newest()] == [OTHER, ID, lost]
    read = []
    kept = Session.kept
    monkeypatch.setattr(
        Session, "kept", lambda self, name: read.append(self.id) or kept(self, name)
    )
    assert [each.id for each in sessions.newest((20.0, OTHER))] == [ID, lost]
    assert read == [lost], "that may still come"
    sessions.forget(ID)
    assert [each.id for each in sessions.newest()] == [OTHER, lost]


def test_a_full_disk_is_said_before_anything_is_paid(sessions):
    with pytest.raises(OutOfSpace, match="MAX_COMMENTARY_MB"):
        sessions.check_room(10**5)
    roomy = Sessions(sessions.streaming.parent, retention_s=3600, max_bytes=10**19)
    with pytest.raises(OutOfSpace, match="Free some space"):
        roomy.check_room(10**18)


def test_a_session_another_process_works_on_is_never_swept(sessions):
    session = made(sessions, age_s=7200)
    with session.locked(CancelToken()):
        sessions.sweep()
        assert session.folder.exists()
    sessions.sweep()
    assert not session.folder.exists()


def test_a_job_waits_until_the_one_before_it_has_let_go(sessions):
    session, token = made(sessions), CancelToken()
    with session.locked(CancelToken()), ThreadPoolExecutor() as pool:
        waiting = pool.submit(lambda: session.locked(token).__enter__())
        token.cancel("enough")
        with pytest.raises(Abandoned):
            waiting.result(20)


def test_questions_whose_session_is_gone_are_forgotten(sessions):
    session = made(sessions, age_s=7200)
    sessions.answers("key", session)
    sessions.sweep()
    assert not (sessions.streaming.parent / "commentary" / "asked" / "key").exists()


def test_a_full_disk_leaves_no_half_line_behind(sessions):
    session = made(sessions)
    session.tell([{"type": "status", "n": 1}])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (session.private / "events.jsonl").stat().st_size
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        with pytest.raises(OSError):
            session.tell([{"type": "status", "n": 2, "message": "x" * 100}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    session.tell([{"type": "complete", "n": 3}])
    assert [event["n"] for event in session.told()] == [1, 3]


def test_a_line_that_cannot_be_read_hides_none_before_it(sessions):
    session = made(sessions)
    session.tell([{"type": "status", "n": 1}])
    with open(session.private / "events.jsonl", "a") as file:
        file.write('{"type": "sta{"type": "error"}\n')
    assert [event["n"] for event in session.told()] == [1]


def test_room_is_made_though_nothing_can_be_written(sessions):
    session = made(sessions, age_s=7200)
    gone = sessions.streaming.parent / "commentary" / "gone"
    gone.mkdir(parents=True)  # no file can have that name
    sessions.sweep()
    assert not session.folder.exists()


def test_films_a_dead_process_was_putting_together_are_swept(sessions):
    made(sessions)
    left, young = sessions.generated / ".a.part", sessions.generated / ".b.part"
    for path in (left, young):
        path.write_bytes(b"half a film")
    os.utime(left, (0, 0))
    sessions.sweep()
    assert not left.exists() and young.exists()
