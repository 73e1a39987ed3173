"""What stands between the network and Gradio: one door a file, each an ASGI middleware that a request passes in this order.

A stranger may send anything. What a door refuses it refuses in words, before Gradio reads it.
"""

from __future__ import annotations

from starlette.middleware import Middleware

from genai.ui.doors.body import BodyLimit
from genai.ui.doors.faults import Faults
from genai.ui.doors.headers import Headers
from genai.ui.doors.reading import Reading
from genai.ui.doors.routes import Routes
from genai.ui.doors.uploads import Uploads

DOORS = [Middleware(door) for door in (Headers, Faults, BodyLimit, Routes, Reading, Uploads)]
