/**
 * The shell that builds a lab, each script with the namespaces it runs in. Everything hangs on one process, the lab's
 * pid 1: the hosts are pid namespaces inside its own, network namespaces are named in its private /run/netns, mounts
 * live in its mount namespace. When it ends the kernel takes all of it away, whatever ended it. The machine's root file
 * system is only the lower layer of each host's overlay: nothing a host writes reaches it.
 */
import { type Script, sh } from '../shell/sh.ts';

/**
 * The lab's pid 1; arguments: folder, token, path of node, path of the internet's program. Until it reads `keep` its
 * life hangs on its standard input: when `lab up` dies in any way, the pipe closes and the half-built lab goes. The
 * record gets its name here, so that a lab is "up" only once it stands on its own.
 */
export const initScript: Script = sh`state=$1 token=$2
IFS= read -r stat < /proc/self/stat
echo "$stat" > "$state/init"
{ sh "$state/setup.sh" "$state" "$3" "$4" || echo failed; } &
IFS= read -r word || word=gone
if [ "$word" != keep ]; then
  kill -9 -1
  umount -l "$state/disk"
  [ "$(cat "$state/token")" != "$token" ] || rm -rf "$state"
  exit 1
fi
mv "$state/lab.json.new" "$state/lab.json"
exec < /dev/null > /dev/null 2>&1
while :; do sleep infinity & wait; done`;

/** In the lab: switch, namespaces, hosts, internet; arguments: folder, path of node, the internet's program. */
export const setupScript: Script = sh`set -e
state=$1
mount -t tmpfs -o mode=755 gwfleet-lab "$state/disk"
mount -t tmpfs -o mode=755 gwfleet-lab /run/netns
ip -batch "$state/net/switch"
ip -batch "$state/net/plugs"
cp -a "$state/template" "$state/disk/.template"
for name in controller internet; do
  nsenter "--net=/run/netns/$name" ip -batch "$state/net/$name"
done
nsenter --net=/run/netns/internet sh "$state/internet.sh" "$2" "$3" > "$state/log/internet" 2>&1 < /dev/null &
xargs -P 8 -n 1 sh "$state/start.sh" "$state" < "$state/machines" > /dev/null
until grep -q ready "$state/log/internet"; do kill -0 $! && sleep 0.02; done
echo up`;

/** In the internet's network namespace; arguments: path of node, the program. */
export const internetScript: Script = sh`echo 0 > /proc/sys/net/ipv4/ip_forward
echo 65535 > /proc/sys/net/core/somaxconn
echo 65535 > /proc/sys/net/ipv4/tcp_max_syn_backlog
ulimit -n "$(ulimit -Hn)"
exec env -i PATH="$PATH" "$1" "$2"`;

/** In the lab: boots one host whose network namespace is plugged; arguments: folder, host. Its disk survives. */
export const startScript: Script = sh`set -e
state=$1 disk=$1/disk/$2
[ -e "$state/keys/$2" ] || ssh-keygen -q -t ed25519 -N '' -C "root@$2" -f "$state/keys/$2"
if ! [ -d "$disk" ]; then
  mkdir -p "$disk/upper/etc/ssh" "$disk/work" "$disk/mnt" "$disk/root/.ssh" "$disk/gwfleet" "$disk/upper/var/lib/gwfleet"
  chmod 700 "$disk/root" "$disk/root/.ssh"
  cp "$state/id_ed25519.pub" "$disk/root/.ssh/authorized_keys"
  cp -p "$state/keys/$2" "$disk/upper/etc/ssh/ssh_host_ed25519_key"
  cp -p "$state/keys/$2.pub" "$disk/upper/etc/ssh/ssh_host_ed25519_key.pub"
  echo "$2" > "$disk/upper/etc/hostname"
fi
rm -f "$state/hosts/$2"
env -i PATH="$PATH" HOME=/root nsenter "--net=/run/netns/$2" unshare --mount --uts --ipc --pid \
  sh -c 'sh "$0/host.sh" "$0" "$1" < /dev/null >> "$0/log/$1" 2>&1 &' "$state" "$2"`;

/** A host's pid 1, in all its namespaces, still on the machine's root and /proc; arguments: folder, host. */
export const hostScript: Script = sh`set -e
state=$1 name=$2 disk=$1/disk/$2
IFS= read -r stat < /proc/self/stat
echo "$name" > /proc/sys/kernel/hostname
echo 0 > /proc/sys/net/ipv4/ip_forward
echo 0 > /proc/sys/net/ipv4/conf/all/promote_secondaries
echo 0 > /proc/sys/net/ipv4/conf/default/promote_secondaries
ip -batch "$state/net/$name"
cd "$disk/mnt"
mount -t overlay -o "lowerdir=$state/disk/.template:/,upperdir=$disk/upper,workdir=$disk/work" "$name" .
cd "$disk/mnt"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --bind /dev dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --bind "$disk/root" root
mount --bind "$disk/gwfleet" var/lib/gwfleet
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mkdir run/sshd run/lock run/old
echo "$stat" > "$state/hosts/$name.new"
mv "$state/hosts/$name.new" "$state/hosts/$name"
pivot_root . run/old
cd /
umount -l run/old
rmdir run/old
exec sh -c '"$(command -v sshd)" -D -E /var/log/sshd.log & while :; do sleep infinity & wait; done'`;
