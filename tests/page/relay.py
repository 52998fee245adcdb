"""A wire between the page and the server that can be cut."""

import socket
import threading


class Relay:
    def __init__(self, port):
        self._to = ("127.0.0.1", port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._wires = []
        self.port = self._door.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._welcome, name="relay", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._door.close()
        self.cut()

    def cut(self):
        wires, self._wires = self._wires, []
        for wire in wires:
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was over already
            wire.close()

    def _welcome(self):
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            self.connections += 1
            self._wires += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=carry, args=pair, name="relay", daemon=True).start()


def carry(source, target):
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # cut
