"""What one answer is asked with: the SDK's client, and its session with our adapter in it.

Made per call (0.2 ms), so that no key is kept anywhere and nothing is configured
process-wide. Importing this imports the SDK (0.4 s, 60 MiB): only who asks does.
"""

import hashlib
import warnings

from . import collector
from .gemini_files import Files
from .gemini_wire import Adapter

# At import it tells that neither it nor this Python will be supported for ever.
warnings.filterwarnings("ignore", r"\s*All support for the `google", FutureWarning)
warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.api_core")

from google.ai.generativelanguage import GenerativeServiceClient  # noqa: E402
from google.api_core.client_options import ClientOptions  # noqa: E402
from google.generativeai import protos  # noqa: E402

__all__ = ["Line", "protos"]

collector.leave_alone_what_is_there()


class Line:
    def __init__(self, endpoint, key):
        self._client = GenerativeServiceClient(
            transport="rest",
            client_options=ClientOptions(api_key=key, api_endpoint=endpoint),
        )
        # Not public, but the only door to it: the transport makes its session itself.
        self._session = self._client.transport._session  # type: ignore[attr-defined]
        # Else requests would look in ~/.netrc for a password to send along.
        self._session.auth = lambda request: request
        self._adapter = Adapter()
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)
        self.files = Files(self._session, endpoint)
        # Whose uploads are whose, without holding the key.
        self.owner = hashlib.sha256(f"{endpoint} {key}".encode()).hexdigest()

    def ask(self, request, part=None):
        """Send the request; the bytes of the answer, as they will arrive. The SDK's own
        iterator, which would read them, is left alone: see `gemini_stream.py`."""
        self._adapter.part = part
        self._client.stream_generate_content(request, retry=None)
        return self._adapter.answer()

    def close(self):
        self._adapter.close()
        self._session.close()
