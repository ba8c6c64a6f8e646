#!/bin/bash
# machine.sh FOLDER ROOT: one machine that really boots, until FOLDER/off exists. FOLDER holds name, disk (upper layer),
# work, mnt, net-up (its cables). The exit code 133 of nspawn is a guest that asked to reboot; anything else is a power
# cut. A NEW network namespace for every boot: an old one would keep the state that a reboot test is about.
set -u
folder=$1 root=$2
name=$(cat "$folder/name")
mount -t overlay -o "lowerdir=$root,upperdir=$folder/disk,workdir=$folder/work" "$name" "$folder/mnt" || exit 1
# A cgroup of its own, or two systemds would share /payload and kill each other's processes.
for tree in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ -e "$tree/cgroup.procs" ] && mkdir -p "$tree/gwfleet-$name" && echo $$ >"$tree/gwfleet-$name/cgroup.procs"
done 2>/dev/null
while [ ! -e "$folder/off" ]; do
  ip netns del "$name" 2>/dev/null
  ip netns add "$name" || exit 1
  sh "$folder/net-up" || exit 1
  echo $(( $(cat "$folder/boots" 2>/dev/null || echo 0) + 1 )) >"$folder/boots"
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
    systemd-nspawn --quiet --boot -D "$folder/mnt" -M "$name" --hostname="$name" --register=no --keep-unit \
    --network-namespace-path="/run/netns/$name" --capability=CAP_NET_ADMIN --link-journal=no --resolv-conf=off \
    --timezone=off --kill-signal=SIGRTMIN+3 --console=pipe </dev/null >>"$folder/console" 2>&1
  echo "$?" >"$folder/ended"
done
ip netns del "$name" 2>/dev/null
umount -l "$folder/mnt"
for tree in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
  [ -e "$tree/cgroup.procs" ] && echo $$ >"$tree/cgroup.procs" && find "$tree/gwfleet-$name" -depth -type d -exec rmdir {} \;
done 2>/dev/null
exit 0
