#!/bin/sh
# sudo-rs.sh FOLDER ROOT LAYER PORT: the sshd of a Debian root whose sudo is sudo-rs, on loopback, in namespaces that end
# with this process. LAYER is what installing the package has changed, made once; FOLDER holds what this run changes.
set -eu
folder=$1 root=$2 layer=$3 port=$4
mkdir -p "$folder/disk" "$folder/work" "$folder/mnt"
mounted() {
  mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" sudo-rs "$folder/mnt"
  mount -t proc proc "$folder/mnt/proc"
  mount --rbind /dev "$folder/mnt/dev"
}
if [ ! -e "$layer/.complete" ]; then
  rm -rf "$layer" && mkdir -p "$layer/disk" "$layer/work"
  mounted "$root" "$layer/disk" "$layer/work"
  cp --remove-destination /etc/resolv.conf "$folder/mnt/etc/resolv.conf"
  # Only this package has to be fetched: the root has all that it depends on.
  chroot "$folder/mnt" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends sudo-rs' >"$layer/log" 2>&1 ||
    { tail -n 20 "$layer/log" >&2; exit 1; }
  ln -s sudo-rs "$folder/mnt/usr/bin/sudo"
  umount -R "$folder/mnt"
  touch "$layer/.complete"
fi
mounted "$layer/disk:$root" "$folder/disk" "$folder/work"
cat >"$folder/mnt/etc/pam.d/sudo" <<'PAM'
auth optional pam_exec.so quiet /bin/sh /etc/slow
auth sufficient pam_unix.so
# Every password that was wrong leaves a line, as it would bring an account nearer to its lock.
auth optional pam_exec.so quiet /bin/sh /etc/wrong
auth required pam_deny.so
@include common-account
@include common-session-noninteractive
PAM
cp "$folder"/etc/* "$folder/mnt/etc/"
: >"$folder/mnt/tmp/wrong"
chmod 666 "$folder/mnt/tmp/wrong"
chmod 440 "$folder/mnt/etc/sudoers"
chroot "$folder/mnt" useradd -m -s /bin/sh op
chroot "$folder/mnt" chpasswd <"$folder/password"
mkdir -p "$folder/mnt/run/sshd"
exec chroot "$folder/mnt" /usr/sbin/sshd -D -e -f /etc/sshd_sudo_rs -p "$port"
