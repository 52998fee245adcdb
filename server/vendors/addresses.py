"""Where a vendor's server lives, as people write it."""

import re
from urllib.parse import urlsplit

from ..errors import ProviderError


def is_web_address(url):
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        return False


def require_web_address(url, name, pattern=None):
    """`name` is where it is set."""
    if not is_web_address(url) or (pattern and not pattern.fullmatch(url)):
        raise ProviderError("bad_request", f"{name} must be a URL with http:// or https://.")


def ollama_url(text):
    """OLLAMA_HOST as Ollama itself reads it, from `0.0.0.0` to a whole URL."""
    if "://" not in text:
        host, _, rest = text.partition("/")
        host = host if re.search(r":\d+$", host) else f"{host}:11434"
        text = f"http://{host}/{rest}"
    scheme, _, rest = text.partition("://")
    host, _, path = rest.partition("/")
    host = re.sub(r"^(0\.0\.0\.0)?(?=:|$)", "127.0.0.1", host)
    path = path.strip("/")
    if not path.endswith("v1"):
        path = f"{path}/v1".lstrip("/")
    return f"{scheme}://{host}/{path}"


def is_openai(base_url):
    host = urlsplit(base_url).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")
