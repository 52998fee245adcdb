"""What visitor number N does: from the seed and N alone, so that it can be done again."""

import random
from dataclasses import dataclass

from tests.vendors import openai_server as speak

MODELS = 4  # of the scripted vendor: m0 ... m3

WORDS = [f"word{n} " for n in range(12)]
# What a vendor's model may do, and how often.
FAULTS = {
    "says": (12, speak.says(*WORDS, every=0.01)),
    "talks": (3, speak.says(*WORDS * 4, first=0.1, every=0.02)),
    "refuses": (1, speak.status(401)),
    "misses": (1, speak.status(404)),
    "limits": (1, speak.status(429, Retry_After="0")),
    "breaks": (1, speak.status(503)),
    "hides": (1, speak.never_answers),
    "drips": (1, speak.drips),
    "stalls": (1, speak.speaks_then("half ", "a ", then=speak.stalls)),
    "cuts": (1, speak.speaks_then("half ", "a ", then=speak.fin)),
    "resets": (1, speak.speaks_then("half ", "a ", then=speak.rst)),
    "babbles": (1, speak.sends(b"<html>Bad gateway</html>")),
}
KINDS = {"comparison": 50, "analysis": 30, "chat": 10, "bytes": 7, "commentary": 3}
# `goes` hangs up, `breaks off` resets, `stops` cancels and reads on, `returns` leaves and resumes.
WAYS = {"stays": 5, "goes": 2, "breaks off": 2, "stops": 1, "returns": 2}
BUILT_IN = ("cuts", "light", "sound")


@dataclass(frozen=True)
class Plan:
    number: int
    kind: str
    way: str
    after: int  # so many messages are read before it leaves
    models: tuple[str, ...]
    question: str
    fresh: bool

    def __str__(self):
        return f"{self.number} ({self.kind}, {self.way} after {self.after}: {self.question})"


def plan(seed, number):
    chance = random.Random(f"{seed}/{number}")
    kind, way = one_of(chance, KINDS), one_of(chance, WAYS)
    faults = one_of_each(chance, 1 if kind == "chat" else chance.randint(1, MODELS))
    # The vendor reads in the question what each of its models shall do.
    question = f"{seed}/{number} " + " ".join(f"{model}={does}" for model, does in faults)
    models = tuple(model for model, _ in faults)
    if kind == "analysis":
        models, question = seen(chance), f"{seed}/{number}"
    after = chance.randrange(8)
    return Plan(number, kind, way, after, models, question, fresh=chance.random() < 0.2)


def one_of(chance, weighed):
    return chance.choices(list(weighed), list(weighed.values()))[0]


def one_of_each(chance, count):
    weights = {name: weight for name, (weight, _) in FAULTS.items()}
    return [(f"m{n}", one_of(chance, weights)) for n in sorted(chance.sample(range(MODELS), count))]


def seen(chance):
    """Models that watch the film: built-in ones, and simulated ones that may fail or stall."""
    tokens, fate = chance.randint(1, 60), chance.choice(["", "", ",fail_after=3", ",stall_after=3"])
    demo = f"demo@first={chance.choice(['0', '0.1', '0.4'])},rate=100,tokens={tokens}{fate}"
    return (demo, *chance.sample(BUILT_IN, chance.randint(0, 2)))


def script(exchange):
    """The vendor's part in every plan."""
    asked = exchange.json["messages"][-1]["content"]
    wanted = dict(word.split("=") for word in asked.split()[1:])
    FAULTS[wanted[exchange.json["model"]]][1](exchange)
