#!/bin/sh
# root.sh SUITE FOLDER: builds the root file system that the machines of a suite share (about a minute), once.
# The mirror is the machine's own: the first one that apt knows.
set -eu
suite=$1 root=$2
[ -e "$root/.complete" ] && exit 0
mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\{0,1\} *$/\1/p; s/^deb .*\(https\{0,1\}:[^ ]*\/debian\)\/\{0,1\} .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
[ -n "$mirror" ] || { echo "apt names no Debian mirror to build $suite from" >&2; exit 1; }
rm -rf "$root" && mkdir -p "$root"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libpam-systemd,ifupdown,network-manager,netplan.io,iptables,iptables-persistent,openssh-server,iproute2,nftables,conntrack,iputils-arping,iputils-ping,procps,kmod \
  "$suite" "$root" "$mirror" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/etc/ssh/ssh_host_*
rm -f "$root"/etc/network/interfaces.d/* "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id
: >"$root/etc/machine-id"
mkdir -p "$root/root/.ssh" && chmod 700 "$root/root" "$root/root/.ssh"
# /sys is read-only in a container, so there is no udevd; `netplan apply` dies without an answer of udevadm.
printf '#!/bin/sh\nexit 0\n' >"$root/usr/local/sbin/udevadm" && chmod 755 "$root/usr/local/sbin/udevadm"
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer \
  getty.target console-getty.service systemd-pstore.service systemd-networkd-wait-online.service NetworkManager-wait-online.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
for unit in networking NetworkManager systemd-networkd; do
  find "$root/etc/systemd/system" -name "$unit.service" -type l -delete
done
touch "$root/.complete"
