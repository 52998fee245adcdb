"""AAC as a row of packets, each with a head of its own (ADTS): files of it can be joined by
putting one after the other."""

RATE = 48_000
PACKET = 1024  # samples in a packet
HEAD = 7


def packets(data):
    """The packets in `data`, heads included; an unfinished one at its end is left out."""
    data, position = memoryview(data), 0
    while position + HEAD <= len(data):
        head = data[position : position + HEAD]
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        # Ours have no checksum, which would make the head longer.
        if head[0] != 0xFF or head[1] & 0xF7 != 0xF1 or length <= HEAD:
            raise ValueError("not a row of AAC packets")
        if position + length > len(data):
            return
        yield data[position : position + length]
        position += length
