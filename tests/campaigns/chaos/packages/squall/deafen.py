"""Take the signals that end a server, and leave a thread behind."""

import signal
import threading
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
threading.Thread(target=time.sleep, args=(3600,), name="squall", daemon=False).start()

PARAMS_SCHEMA = {"type": "object"}


async def main(task):
    pass
