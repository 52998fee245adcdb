"""One after another against at once, measured: the README's table."""

import sys

COUNTS = (3, 6, 9)
SHORTEST_S, LONGEST_S = 1.0, 5.0
RATE = 20  # pieces a second
FIRST_S = 0.2


def measure(witness, counts=COUNTS, shortest_s=SHORTEST_S, longest_s=LONGEST_S):
    """Prints Markdown, row by row; 1 when a model failed, for then it measured nothing."""
    print("| simulated models | one after another | at once | slowest alone | faster |")
    print("|---:|---:|---:|---:|---:|")
    for count in counts:
        slots = slots_between(count, shortest_s, longest_s)
        print(f"{count} models at once, then each alone", file=sys.stderr)
        together = witness.run(slots)
        alone = [witness.run((slot,)).took(slot) for slot in slots]
        if None in alone or not all(map(together.succeeded, slots)):
            print("A model failed: there is nothing to compare.", file=sys.stderr)
            return 1
        total = sum(alone)
        print(
            f"| {count} | {total:.2f} s | {together.total:.2f} s | {max(alone):.2f} s "
            f"| {total / together.total:.1f}x |",
            flush=True,
        )
    return 0


def slots_between(count, shortest_s, longest_s):
    """Simulated models that take evenly spread times."""
    step = (longest_s - shortest_s) / max(1, count - 1)
    return tuple(
        f"demo@first={FIRST_S},rate={RATE},tokens={tokens_for(shortest_s + n * step)}"
        for n in range(count)
    )


def tokens_for(seconds):
    return max(1, round((seconds - FIRST_S) * RATE))
