"""For tests that measure time on a machine that has other things to do too."""

import functools


def measured(test):
    """What is measured may have been disturbed, but not three times in a row."""

    @functools.wraps(test)
    def at_most_thrice(*args, **kwargs):
        for _ in range(2):
            try:
                return test(*args, **kwargs)
            except AssertionError:
                pass
        return test(*args, **kwargs)

    return at_most_thrice
