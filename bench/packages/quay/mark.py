"""Write down when it was asked for and when it began."""

import os
import struct
import time

from wharfinger.script import AsyncTask

RESUMABLE = True
PARAMS_SCHEMA = {
    "type": "object",
    "properties": {"asked": {"type": "number"}, "file": {"type": "string"}, "padding": {"type": "string"}},
    "required": ["asked", "file"],
}


async def main(task: AsyncTask) -> None:
    """Append both times to the file, as two doubles."""
    began = time.time()
    file = os.open(task.params["file"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, struct.pack("dd", task.params["asked"], began))
    os.close(file)
