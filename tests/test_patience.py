from server.asking.patience import LOOK_AROUND_S, Patience


def patience(first=10, idle=5, total=100):
    return Patience(first, idle, total, now=0)


def code(patient, now):
    verdict = patient.verdict(now)
    return verdict and verdict.code


def test_the_first_text_has_its_own_limit():
    patient = patience()
    assert code(patient, 9.9) is None
    assert code(patient, 10) == "timeout_first_text"
    assert patience(first=3).next_look(0) == 3


def test_it_looks_again_in_time_for_a_silence_that_begins_now():
    assert patience(first=100, idle=5).next_look(0) == 5


def test_after_the_first_text_silence_is_measured_between_pieces():
    patient = patience()
    patient.heard()
    patient.waits(now=9)
    assert code(patient, 13.9) is None
    assert code(patient, 14) == "timeout_idle"


def test_a_slow_reader_of_ours_is_not_the_vendors_silence():
    patient = patience()
    patient.heard()
    assert code(patient, 50) is None
    assert patient.next_look(50) == 5


def test_pieces_for_ever_still_end():
    patient = patience()
    patient.heard()
    patient.waits(now=99.9)
    assert code(patient, 100) == "timeout_total"
    assert patient.next_look(99) == 1


def test_each_sign_of_preparing_starts_the_first_clock_anew():
    patient = patience()
    patient.phase("uploading", 8)
    assert code(patient, 17) is None
    patient.phase("uploading", 17)
    patient.phase("thinking", 20)
    assert code(patient, 29.9) is None
    assert code(patient, 30) == "timeout_first_text"


def test_a_retry_does_not_start_the_first_clock_anew():
    patient = patience()
    patient.phase("thinking", 0)
    patient.phase("retrying", 6)
    patient.phase("thinking", 7)
    assert patient.left(7) == 3
    assert code(patient, 10) == "timeout_first_text"


def test_preparing_once_more_for_another_attempt_gives_no_fresh_time():
    patient = patience()
    patient.phase("preparing", 0)
    patient.phase("thinking", 2)
    patient.try_again()
    patient.phase("preparing", 6)
    patient.phase("thinking", 7)
    assert code(patient, 11.9) is None
    assert code(patient, 12) == "timeout_first_text"


def test_what_is_left_never_exceeds_the_whole_time():
    assert patience(first=50, total=20).left(15) == 5


def test_time_stands_still_while_it_is_made_to_wait():
    patient = patience(first=10, total=30)
    patient.phase("preparing", now=2)
    patient.stand_still(now=4)
    assert code(patient, 99) is None and patient.next_look(99) == 5 and patient.left(99) == 8
    patient.go_on(now=100)
    patient.phase("uploading", now=100)
    assert code(patient, 109.9) is None
    assert code(patient, 110) == "timeout_first_text"
    patient.heard()
    patient.waits(now=103)
    assert code(patient, 107.9) is None
    assert code(patient, 108) == "timeout_idle"
    assert code(patient, 126) == "timeout_total"
    assert patient.stood_still_s == 96


def test_nobody_looks_without_a_pause_while_time_stands_still():
    patient = patience(first=10)
    patient.stand_still(now=9.9999)
    assert patient.next_look(50) == LOOK_AROUND_S
    patient.go_on(now=100)
    assert patient.next_look(100) < 0.001
