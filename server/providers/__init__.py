"""The list of providers: one line each. A provider's file is imported on first use."""

from importlib import import_module

PROVIDERS = {
    "demo": "demo:Demo",
    "cuts": "analysts.cuts:Cuts",
    "light": "analysts.light:Light",
    "sound": "analysts.sound:Sound",
    "stills": "analysts.stills:Stills",
    "openai": "openai:OpenAI",
    "gemini": "gemini:Gemini",
    "pegasus": "pegasus:Pegasus",
}


def provider_class(name):
    module, _, attribute = PROVIDERS[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
