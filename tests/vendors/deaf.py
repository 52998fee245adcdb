"""Vendors that do not listen: one that takes no connection, and one that takes a request's
first bytes and reads no more, so that the line to it fills up.

Small requests it answers as Gemini's upload begins, for what follows that is large.
"""

import fcntl
import socket
import struct
import termios
import threading

from tests.live import until

SMALL = 8192


class DeafVendor:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._deaf_to = []
        self._thread = threading.Thread(target=self._accept, name="deaf vendor", daemon=True)
        self._thread.start()

    def wait_until_the_line_is_full(self):
        """Bytes lie unread, and no more come."""
        [sock] = until(lambda: self._deaf_to)
        seen = [0]

        def no_more_come():
            seen.append(unread(sock))
            return len(seen) > 30 and seen[-1] > SMALL and len(set(seen[-30:])) == 1

        until(no_more_come)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            head = sock.recv(SMALL, socket.MSG_PEEK)
            if b"X-Goog-Upload-Command: start" in head:
                with sock:
                    url = f"{self.origin}/upload/v1beta/files?upload_id=abc"
                    told = f"X-Goog-Upload-URL: {url}\r\nContent-Length: 0\r\nConnection: close"
                    sock.recv(65536)
                    sock.sendall(f"HTTP/1.1 200 OK\r\n{told}\r\n\r\n".encode())
            else:
                self._deaf_to.append(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for sock in self._deaf_to:
            sock.close()


def unread(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4))[0]


class CrowdedVendor:
    """A vendor that takes no more connections: to connect is to wait, as behind a firewall."""

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._crowd = []
        while not self._waiting:  # the first ones are still taken
            self._crowd.append(sock := socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))
        self._before = self._waiting

    def wait_until_somebody_connects(self):
        until(lambda: self._waiting > self._before)

    @property
    def _waiting(self):
        """How many are connecting to it."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            lines = [line.split() for line in file]
        here = f"0100007F:{self.port:04X}"
        return sum(line[2] == here and line[3] == "02" for line in lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in [*self._crowd, self._listener]:
            sock.close()
