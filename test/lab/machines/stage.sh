#!/bin/sh
# stage.sh FOLDER ROOT NODE INTERNET: pid 1 of a stage: a machine that really boots, what is around it (hub: the
# controller, its network, the outside; client: a webserver behind the machine), all in namespaces that end with it.
set -eu
folder=$1 root=$2 name=$(cat "$1/name")
mount -t tmpfs -o mode=755 stage /run/netns
for space in hub client; do
  ip netns add "$space"
  ip -n "$space" link set lo up
done
ip -n hub link add inside type bridge forward_delay 0
ip -n hub link add outside type bridge forward_delay 0
ip -n hub addr add 10.0.0.254/24 dev inside
ip -n hub addr add 203.0.113.1/24 dev outside
ip -n hub addr add 198.51.100.7/32 dev lo
ip -n hub link set inside up
ip -n hub link set outside up
ip -n client link add eth0 type veth peer name client netns hub
ip -n client addr add 10.0.0.50/24 dev eth0
ip -n client link set eth0 up
ip -n client route add default via 10.0.0.1
ip -n hub link set client master inside up
# What the outside sees must be the pool: no way back for an address of the inside.
ip netns exec hub sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter'
ip netns exec hub "$3" "$4" >"$folder/internet" 2>&1 </dev/null &
until grep -qs ready "$folder/internet"; do kill -0 $! || exit 1; sleep 0.05; done
cat >"$folder/net-up" <<'UP'
# The same addresses at every boot: a neighbour would look for the old ones for half a minute.
for cable in "eth0 inside 02:00:00:00:00:01" "eth1 outside 02:00:00:00:01:01"; do
  set -- $cable
  ip -n hub link del "m-$1" 2>/dev/null || :
  ip -n "$name" link add "$1" address "$3" type veth peer name "m-$1" netns hub
  ip -n hub link set "m-$1" master "$2" up
done
ip -n "$name" link set lo up
UP
export name
echo up >"$folder/stage"
exec bash "$(dirname "$0")/machine.sh" "$folder" "$root"
