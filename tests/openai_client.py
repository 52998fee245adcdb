"""The official OpenAI client, put to a real server whose own vendor is a scripted one."""

from contextlib import contextmanager

import openai

from server import sample
from tests.live import serving

PATH = "/v1/chat/completions"
KEY = "sk-canary-0123456789abcdef"
HI = [{"role": "user", "content": "What happens?"}]


def data_dir_in(folder):
    """With the sample film in its library."""
    data_dir = folder / "data"
    (data_dir / "videos").mkdir(parents=True)
    sample.make(data_dir / "videos" / "sample.mp4")
    return data_dir


def serving_with(vendor, data_dir):
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": vendor.base_url, "HEARTBEAT_S": 0.2}
    return serving(data_dir, **variables)


def client_of(server, api_key="none", **more):
    address = f"http://127.0.0.1:{server.port}/v1"
    return openai.OpenAI(base_url=address, api_key=api_key, **{"max_retries": 0, **more})


@contextmanager
def asking(server):
    """How to ask that server's models for a completion."""
    with client_of(server) as client:

        def ask(model="gpt4o", messages=HI, **more):
            if isinstance(messages, str):
                messages = [{"role": "user", "content": messages}]
            # What is kept of an earlier test would not reach the vendor.
            more["extra_body"] = {"refresh": True, **more.get("extra_body", {})}
            return client.chat.completions.create(model=model, messages=messages, **more)

        yield ask


def said(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)
