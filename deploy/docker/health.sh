#!/bin/bash
# Does the controller of this container answer? In bash, which the image has: a Node.js takes half a second of processor
# time to start, every few seconds, on every controller.
IFS=, read -ra peers <<<"${MEMCHORUS_PEERS:-127.0.0.1:8000}"
address=${peers[${MEMCHORUS_ID:-0}]}
host=${address%:*}
host=${host//[][]/}
exec 3<>"/dev/tcp/$host/${address##*:}" || exit 1
printf 'version\r\n' >&3
read -r -t 2 line <&3 && [[ $line == 'VERSION '* ]]
