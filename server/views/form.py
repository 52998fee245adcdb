"""A multipart form with a video in it, taken apart as it comes: never whole in memory."""

from itertools import chain

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData

from ..errors import BadRequest, WrongMediaType
from ..uploads import Upload

FIELD = "file"
MAX_PARTS = 32
MAX_AROUND = 1024 * 1024  # bytes of headers, preamble and epilogue


def boundary():
    """What separates the parts of this request's form."""
    found = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not 0 < len(found) <= 200:
        raise WrongMediaType(f"Send the video as multipart/form-data, in the field `{FIELD}`.")
    return found.encode("latin-1", "replace")


def receive(library, blocks, boundary):
    """The library's new File, from the blocks of a multipart body."""
    upload = sink = None
    try:
        for event in form_events(blocks, boundary):
            if isinstance(event, Data):
                if sink:
                    sink.write(event.data)
            elif isinstance(event, File) and event.name == FIELD:
                if upload:
                    raise BadRequest(f"Send one `{FIELD}` at a time.")
                upload = sink = Upload(library, event.filename)
            else:
                sink = None  # another field: clients send some, nobody needs them
        if upload is None:
            raise BadRequest(f"Send the video as form field `{FIELD}`, with a file name.")
        return upload.publish()
    finally:
        if upload:
            upload.close()


def form_events(blocks, boundary):
    decoder = MultipartDecoder(boundary, MAX_AROUND, max_parts=MAX_PARTS)
    for block in chain(blocks, [None]):
        try:
            decoder.receive_data(block)
            while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
                yield event
        except RequestEntityTooLarge:
            raise BadRequest("There is more around the file than a form should have.") from None
        except ValueError:
            raise BadRequest("The body ended too early, or is no multipart form.") from None
