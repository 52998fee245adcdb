"""Which of eSpeak NG's voices a language and a speaker mean.

A speaker is a language, a variant of the voice, or both: `en-gb`, `f3`, `+f3`, `en-gb+f3`.
"""

from ..errors import UnknownLanguage, UnknownVoice

# Where its own order of preference would surprise.
PREFERRED = {"en": "en-us", "zh": "cmn", "no": "nb"}
WELL_KNOWN = ("en", "de", "es", "fr", "it", "pt-BR", "nl", "pl", "ru", "tr", "hi", "ar", "zh")


class Names:
    def __init__(self, voices, variants):
        """`voices` is [name, identifier, [[priority, tag] ...]] of each, the first tag its
        own. `variants` are names."""
        self._by_tag = {}
        self._by_name = {}
        self._identifiers = {}
        for name, identifier, tags in voices:
            own = tags[0][1]
            self._identifiers.setdefault(own, identifier)
            for priority, tag in tags:
                known = self._by_tag.get(tag.lower())
                if known is None or priority < known[0]:
                    self._by_tag[tag.lower()] = (priority, own)
            self._by_name.setdefault(name.partition(" (")[0].strip().lower(), own)
        self._variants = {name.lower(): name for name in variants}
        self.languages = tuple(sorted(self._by_tag))

    def found(self, language, speaker):
        """The voice, by its own tag: `en-us+max`."""
        accent, _, variant = speaker.partition("+")
        if not variant and accent.lower() in self._variants:
            accent, variant = "", accent
        if variant and variant.lower() not in self._variants:
            some = ", ".join(sorted(self._variants.values())[:8])
            raise UnknownVoice(f"eSpeak NG has no variant {variant[:40]!r}. It has {some} …")
        try:
            own = accent and self._language(accent)
        except UnknownLanguage:
            raise UnknownVoice(
                f"eSpeak NG has no speaker {accent[:40]!r}. A speaker is a language, a variant of "
                "the voice (`+f3`) or both."
            ) from None
        tag = self._language(language or accent or "en")
        if own:
            # An accent of the language that is spoken, not another language's sounds for it.
            tag = own if base(own) == base(tag) else tag
        return f"{tag}+{self._variants[variant.lower()]}" if variant else tag

    def identifier(self, voice):
        """What the library loads it by. Not every voice is found by its tag: French is not."""
        tag, plus, variant = voice.partition("+")
        return f"{self._identifiers[tag]}{plus}{variant}"

    def _language(self, wanted):
        tag = wanted.strip().lower().replace("_", "-")
        if tag in self._by_name:
            tag = base(self._by_name[tag])
        while tag:
            tag = PREFERRED.get(tag, tag)
            if tag in self._by_tag:
                return self._by_tag[tag][1]
            tag = tag.rpartition("-")[0]
        raise UnknownLanguage(
            f"eSpeak NG does not speak {wanted[:40]!r}. It speaks {', '.join(WELL_KNOWN)} "
            f"and others, {len(self.languages)} in all."
        )


def base(tag):
    return tag.partition("-")[0]
