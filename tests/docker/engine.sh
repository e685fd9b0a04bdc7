#!/bin/sh
# A Docker daemon of its own for the tests: its files in $1, its socket $1/docker.sock, its containers on a
# bridge of their own, and device files of GPUs that are in nobody else's /dev. It lives as long as stdin.
set -eu
root=$1 subnet=$2
bridge=aimtest$subnet

mount --make-rprivate /
mkdir -p "$root/dev" "$root/data"
mount -t tmpfs tmpfs "$root/dev"
for name in null zero full random urandom tty; do
  cp -a "/dev/$name" "$root/dev/"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/dri"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mknod "$root/dev/kfd" c 235 0
mknod "$root/dev/dri/renderD128" c 226 128
mknod "$root/dev/dri/renderD129" c 226 129
mount --rbind "$root/dev" /dev

ip link add "$bridge" type bridge
ip addr add "172.31.$subnet.1/24" dev "$bridge"
ip link set "$bridge" up

begin() {
  dockerd --storage-driver=vfs --data-root "$root/data" --exec-root "$root/exec" \
    --pidfile "$root/pid" -H "unix://$root/docker.sock" --bridge "$bridge" \
    --iptables=false --ip-forward=false --ip-masq=false \
    </dev/null >>"$root/log" 2>&1 &
  daemon=$!
}
finish() {
  kill "$daemon" 2>/dev/null || :
  wait "$daemon" 2>/dev/null || :
}

begin
# `stop` and `start` on stdin: what happens to a daemon while something is launched.
while read -r word; do
  case $word in
    stop) finish ;;
    start) begin ;;
  esac
done
finish
ip link del "$bridge" || :
umount -l /dev "$root/dev" || :
rm -rf --one-file-system "$root"
