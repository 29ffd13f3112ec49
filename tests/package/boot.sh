#!/bin/bash
# boot.sh ROOT CGROUP: systemd as PID 1 of its own PID, mount, network, uts, ipc and
# cgroup namespaces; the network has loopback only. Ends when that system ends.
set -eu
root=$1 cgroup=$2
export root cgroup
exec unshare -m -n -u -i -p --fork bash -eu -c '
    echo 0 >"$cgroup/cgroup.procs"
    mount --make-rprivate /
    mount --bind "$root" "$root"
    exec unshare -C bash -eu -c "
        mount -t proc proc $root/proc
        mount -t sysfs -o ro sysfs $root/sys
        mount -t cgroup2 none $root/sys/fs/cgroup
        mount -t tmpfs -o mode=755 tmpfs $root/run
        mount -t tmpfs -o mode=755 tmpfs $root/dev
        mkdir $root/dev/pts $root/dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $root/dev/pts
        ln -s pts/ptmx $root/dev/ptmx
        mount -t tmpfs -o mode=1777 tmpfs $root/dev/shm
        for node in null:3 zero:5 full:7 random:8 urandom:9; do
            mknod -m 666 $root/dev/\${node%:*} c 1 \${node#*:}
        done
        mknod -m 666 $root/dev/tty c 5 0
        ln -s /proc/self/fd $root/dev/fd
        for number in 0:stdin 1:stdout 2:stderr; do
            ln -s fd/\${number%:*} $root/dev/\${number#*:}
        done
        hostname monitor
        ip link set lo up
        cd $root
        mkdir -p .old
        pivot_root . .old
        umount -l /.old
        rmdir /.old
        exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
    "
'
