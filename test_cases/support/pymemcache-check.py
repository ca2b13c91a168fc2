"""Checks a running cluster through pymemcache, as an application uses it: pymemcache-check.py SEES_AT_ONCE PORT PORT PORT"""

import sys
import time

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError, MemcacheIllegalInputError

SOON_S = 60

sees_at_once = sys.argv[1] == "yes"
ports = [int(word) for word in sys.argv[2:]]
clients = [Client(("127.0.0.1", port), timeout=5, no_delay=True) for port in ports]


def same(expected, actual):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def seen_by_all(key, expected):
    deadline = time.monotonic() + SOON_S
    for client in clients:
        while not sees_at_once and client.get(key) != expected and time.monotonic() < deadline:
            time.sleep(0.01)
        same(expected, client.get(key))


def single_keys():
    first, second, third = clients
    assert first.set("key", b"value", noreply=False)
    seen_by_all("key", b"value")
    assert first.set("quiet", b"value")
    same(b"value", first.get("quiet"))
    seen_by_all("quiet", b"value")
    assert second.add("key", b"other", noreply=False) is False
    assert third.replace("key", b"replaced", noreply=False)
    seen_by_all("key", b"replaced")
    assert first.append("key", b"!", noreply=False)
    seen_by_all("key", b"replaced!")
    assert second.prepend("key", b">", noreply=False)
    seen_by_all("key", b">replaced!")
    assert third.delete("key", noreply=False)
    seen_by_all("key", None)
    assert first.delete("key", noreply=False) is False


def many_keys():
    values = {f"many-{at}": bytes([at]) * (at + 1) for at in range(100)}
    same([], clients[0].set_many(values, noreply=False))
    for key, value in values.items():
        seen_by_all(key, value)
    same(values, clients[1].get_many(list(values) + ["missing"]))
    assert clients[2].delete_many(list(values), noreply=False)
    for key in values:
        seen_by_all(key, None)


def conditions():
    first, second, third = clients
    first.set("token", b"one", noreply=False)
    seen_by_all("token", b"one")
    value, token = first.gets("token")
    same(b"one", value)
    assert second.cas("token", b"two", token, noreply=False) is True
    seen_by_all("token", b"two")
    assert third.cas("token", b"three", token, noreply=False) is False
    assert third.cas("missing", b"three", token, noreply=False) is None


def numbers_and_times():
    first, second, third = clients
    first.set("number", b"41", noreply=False)
    seen_by_all("number", b"41")
    same(42, second.incr("number", 1, noreply=False))
    seen_by_all("number", b"42")
    same(40, third.decr("number", 2, noreply=False))
    same(None, first.incr("missing", 1, noreply=False))
    seen_by_all("number", b"40")
    assert first.touch("number", 100, noreply=False)
    assert first.touch("missing", 100, noreply=False) is False
    first.set("gone", b"x", expire=-1, noreply=False)
    seen_by_all("gone", None)


def errors():
    try:
        clients[0].set("a key with spaces", b"x", noreply=False)
        raise AssertionError("a key with spaces was taken")
    except MemcacheIllegalInputError:
        pass
    clients[0].set("word", b"not a number", noreply=False)
    try:
        clients[0].incr("word", 1, noreply=False)
        raise AssertionError("a word was counted")
    except MemcacheClientError:
        pass
    same(b"not a number", clients[0].get("word"))


def other_clients():
    pool = PooledClient(("127.0.0.1", ports[0]), max_pool_size=4, timeout=5)
    assert pool.set("pooled", b"x", noreply=False)
    seen_by_all("pooled", b"x")
    ring = HashClient([("127.0.0.1", port) for port in ports], timeout=5)
    for at in range(30):
        assert ring.set(f"ring-{at}", b"%d" % at, noreply=False)
    for at in range(30):
        seen_by_all(f"ring-{at}", b"%d" % at)
    for client in (pool, ring):
        client.close()


def about_the_server():
    first = clients[0]
    assert first.version().startswith(b"1.")
    assert first.stats()[b"cmd_set"] > 0
    assert first.flush_all(noreply=False)
    seen_by_all("word", None)
    for client in clients:
        client.quit()


for check in (
    single_keys,
    many_keys,
    conditions,
    numbers_and_times,
    errors,
    other_clients,
    about_the_server,
):
    check()
print("all well")
