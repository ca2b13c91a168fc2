"""Writes and reads keys of its own through pymemcache until its input ends, and goes on at the next of the controllers when
one closes the connection: pymemcache-load.py PORT PORT ...

Prints a line of JSON at the end: how many requests were answered, how often it went to another controller, and what was
wrong."""

import json
import sys
import threading

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheUnexpectedCloseError

ports = [int(word) for word in sys.argv[1:]]
own = f"python-{ports[0]}"
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()

answered, moves, wrong = 0, 0, []
written = {}


def connect():
    return Client(("127.0.0.1", ports[0]), timeout=60, no_delay=True)


client = connect()
turn = 0
while not over.wait(0.002):
    turn += 1
    key = f"{own}-{turn % 100}"
    try:
        if client.set(key, str(turn), noreply=False) is not True:
            wrong.append(f"{key} was not stored")
        written[key] = str(turn)
        found = client.get(key)
        if found is None or found.decode() != written[key]:
            wrong.append(f"{key} is {found} and not {written[key]}")
        answered += 2
    except (MemcacheUnexpectedCloseError, ConnectionError, OSError) as error:
        if isinstance(error, TimeoutError) or len(ports) == 1:
            wrong.append(repr(error))
            break
        # The write may have happened, or not.
        written.pop(key, None)
        moves += 1
        ports.append(ports.pop(0))
        client = connect()
    except Exception as error:
        wrong.append(repr(error))
        break

for key, value in written.items():
    found = client.get(key)
    if found is None or found.decode() != value:
        wrong.append(f"{key} is {found} at the end, and not {value}")
print(json.dumps({"answered": answered, "moves": moves, "wrong": wrong[:5]}))
