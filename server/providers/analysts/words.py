"""Times and amounts as people write them."""


def clock(seconds):
    """`0:42`, `1:02:03`. Rounded down: who jumps there sees it begin."""
    whole = int(seconds + 0.001)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def stretch(start, end):
    return f"{clock(start)}-{clock(end)}"


def length(seconds):
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 0.1 else f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"


def counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
