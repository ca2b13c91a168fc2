"""A receiver in place of systemd: prints every message that arrives on the named socket, one a line."""
import os
import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("listening", flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(receiver, 65536, 8)
    # systemd-notify waits until the receiver closes the descriptor that it has sent.
    for descriptor in descriptors:
        os.close(descriptor)
    for line in message.decode().splitlines():
        if line != "BARRIER=1":
            print(line, flush=True)
