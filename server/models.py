"""The list of models, and how a request names them.

Model ids die faster than code, so they are data (`models.toml`). A request names a
*slot*: a model, an alias of one, `vendor/model` for OpenRouter or `ollama/model`, each
with options behind an `@`: `gemini@fps=4`.
"""

import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cached_property

from . import credentials
from .errors import InvalidQuestion, UnknownModel
from .ollama import Ollama
from .providers import PROVIDERS, provider_class

MAX_SLOT_CHARS = 200
VENDORS_OWN = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.:+/-]*", re.ASCII)


@dataclass(frozen=True)
class Price:
    """USD per million tokens, and the day somebody looked that up."""

    input: float
    output: float
    date: str

    def cost(self, usage):
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        return (usage.input_tokens * self.input + usage.output_tokens * self.output) / 1e6


@dataclass(frozen=True)
class Model:
    name: str
    provider: str
    label: str
    about: str = ""
    upstream: str = ""
    takes: tuple[str, ...] = ("text",)
    aliases: tuple[str, ...] = ()
    simulated: bool = False
    price: Price | None = None
    base_url: str = ""  # where it lives, unless one of base_url_env says otherwise
    base_url_env: tuple[str, ...] = ()
    key_env: tuple[str, ...] = ()
    limits: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    first_text_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    timeout_s: float | None = None

    @property
    def keys(self):
        """The variables any one of which holds its key."""
        return self.key_env or provider_class(self.provider).env_vars

    @property
    def needs(self):
        """The variable it lacks, or None when it can be asked."""
        lacks = credentials.missing(self.keys)
        if lacks is None and not self.base_url and self.base_url_env:
            lacks = credentials.missing(self.base_url_env)
        return lacks

    def as_dict(self):
        lacks = self.needs
        return {
            "name": self.name,
            "label": self.label,
            "about": self.about,
            "provider": self.provider,
            "upstream": self.upstream or None,
            "available": lacks is None,
            "missing": lacks,
            "takes": list(self.takes),
            "simulated": self.simulated,
            "aliases": list(self.aliases),
            "options": sorted(provider_class(self.provider).options),
            "limits": self.limits,
            "price": self.price and vars(self.price),
        }


@dataclass(frozen=True)
class Slot:
    """One model's place in a run, by the name the request gave it."""

    name: str
    model: Model
    options: dict

    @cached_property
    def provider(self):
        return provider_class(self.model.provider)(self.model, self.options)


class InvalidModels(Exception):
    pass


class Models:
    def __init__(self, path):
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            why = f"{error.strerror}. MODELS_FILE names the list of models."
            raise InvalidModels(f"{path}: {why}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidModels(f"{path}: {error}") from None
        self._ollama = Ollama()
        self.all = [read_model(path, name, entry) for name, entry in table.items()]
        self._by_name = {}
        for model in self.all:
            for name in (model.name, *model.aliases):
                if name in self._by_name:
                    raise InvalidModels(f"{path}: two models answer to {name!r}.")
                self._by_name[name] = model

    def find(self, name):
        """The model of that name or alias, or one made for `vendor/model`."""
        model = self._by_name.get(name)
        if model is None and VENDORS_OWN.fullmatch(name):
            vendor, _, upstream = name.partition("/")
            if family := self._by_name.get(f"{vendor}/*") or self._by_name.get("*/*"):
                known = upstream if family.name != "*/*" else name
                model = replace(family, name=name, label=name, upstream=known)
        return model if model is None or "*" not in model.name else None

    def listed(self):
        """What a client may choose from: everything that is not a pattern, and what a
        local Ollama has."""
        known = [model for model in self.all if "*" not in model.name]
        local = map(self.find, (f"ollama/{name}" for name in self._ollama.models()))
        return known + [model for model in local if model is not None]

    def slot(self, text):
        name, _, options = text.partition("@")
        model = self.find(name)
        if model is None:
            raise UnknownModel(f"Unknown model {name[:80]!r}. GET /api/models lists them.")
        return Slot(text, model, {**model.options, **read_options(model, options)})

    def recommended(self, query):
        """The names of the models best suited to a question, among those available."""
        words = query.lower()
        if any(word in words for word in ("video", "scene", "clip", "footage")):
            wanted = "pegasus"
        elif any(word in words for word in ("describe", "explain")):
            wanted = "gpt4o"
        else:
            wanted = "gemini"
        ready = [m for m in self.listed() if m.needs is None and not m.simulated]
        first = [m for m in ready if wanted in (m.name, *m.aliases)]
        vendors = [m for m in ready if m.keys]
        return [m.name for m in first or vendors[:1] or ready[:3]]


NUMBER = (int, float)
MOST = 1e9  # of seconds, no clock of the system can wait for more
KINDS = {
    **dict.fromkeys(("provider", "label", "about", "upstream", "base_url"), str),
    **dict.fromkeys(("takes", "aliases", "base_url_env", "key_env"), list),
    **dict.fromkeys(("price", "limits", "options"), dict),
    **dict.fromkeys(("first_text_timeout_s", "idle_timeout_s", "timeout_s"), NUMBER),
    "simulated": bool,
}
PRICE = {"input": NUMBER, "output": NUMBER, "date": str}


def read_model(path, name, entry):
    """A Model from its entry, or a sentence about what is wrong with it."""
    where = f"{path}: [{name}]"
    check(where, entry, KINDS, needed=["provider"])
    if entry["provider"] not in PROVIDERS:
        raise InvalidModels(f"{where} provider must be one of {', '.join(PROVIDERS)}.")
    values = {"label": name, **entry}
    if "price" in values:
        check(f"{where} price", values["price"], PRICE, needed=PRICE)
        values["price"] = Price(**values["price"])
    limits = values.get("limits", {})
    check(f"{where} limits", limits, dict.fromkeys(limits, NUMBER), needed=[])
    for key, kind in KINDS.items():
        if kind is list and key in values:
            if not all(isinstance(item, str) for item in values[key]):
                raise InvalidModels(f"{where} {key} must be a list of texts.")
            values[key] = tuple(values[key])
    model = Model(name=name, **values)
    if not model.options:
        return model
    written = ",".join(f"{option}={value}" for option, value in model.options.items())
    try:
        return replace(model, options=read_options(model, written))
    except InvalidQuestion as error:
        raise InvalidModels(f"{where} options: {error.message}") from None


def check(where, entry, kinds, needed):
    """Only these fields, each of its kind, none of the needed missing."""
    if not isinstance(entry, dict):
        raise InvalidModels(f"{where} must be a table of fields.")
    if unknown := set(entry) - set(kinds):
        raise InvalidModels(f"{where} has {', '.join(sorted(unknown))}; no such field.")
    if missing := [name for name in needed if name not in entry]:
        raise InvalidModels(f"{where} lacks {', '.join(missing)}.")
    for name, value in entry.items():
        kind = kinds[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            what = {str: "a text", list: "a list", dict: "a table", bool: "true or false"}
            raise InvalidModels(f"{where} {name} must be {what.get(kind, 'a number')}.")
        if kind is NUMBER and not 0 <= value <= MOST:
            raise InvalidModels(f"{where} {name} must be a number from 0 to {MOST:.0f}.")


def read_options(model, text):
    known = provider_class(model.provider).options
    chosen = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if name not in known or not equals:
            allowed = ", ".join(sorted(known)) or "none"
            raise InvalidQuestion(
                f"{model.name} has no option {name[:40]!r}; "
                f"write name=value with one of: {allowed}."
            )
        if name in chosen:
            raise InvalidQuestion(f"Option {name} of {model.name} is given twice.")
        try:
            chosen[name] = known[name](value)
        except ValueError:
            which = getattr(known[name], "which", None)  # a plain `int` says nothing of itself
            raise InvalidQuestion(
                f"{name}={value[:40]!r} is not a value option {name} of {model.name} can have"
                + (f"; it is {which}." if which else ".")
            ) from None
    return chosen
