#!/bin/sh
# Process 1 of the guests of record.sh: loads drivers, does what doing= asks, powers off.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/mod/$module" 2>/dev/null; done < /order
sleep 3
doing=$(sed 's/.*doing=\([a-z]*\).*/\1/' /proc/cmdline)
case $doing in
  mounts)
    for disk in /dev/sd? /dev/vd? /dev/nvme?n1; do
      [ -e "$disk" ] || continue
      mount -t ext4 "$disk" /mnt && dd if=/dev/zero of=/mnt/x bs=64k count=99 && umount /mnt
      mount -t xfs "$disk" /mnt
      mount -t btrfs "$disk" /mnt
    done ;;
  errors)
    for disk in /dev/sd?; do
      dd if="$disk" of=/dev/null bs=4k
      mount -t ext4 -o errors=continue "$disk" /mnt && ls /mnt && umount /mnt
    done ;;
  hotplug)
    for cpu in /sys/devices/system/cpu/cpu[1-9]/online; do echo 0 > "$cpu"; echo 1 > "$cpu"; done
    ip link add dummy9 type dummy
    ip link add veth8 type veth peer name veth9
    ip link set veth8 up; ip link set veth9 up; ip link del veth8; ip link del dummy9 ;;
  network)
    for card in $(ls /sys/class/net); do ip link set "$card" up; done
    ip link add br0 type bridge; ip link set br0 up
    sleep 3
    for card in $(ls /sys/class/net); do ip link set "$card" down; done ;;
  sysrq)
    for key in h m t w l p q s u 9; do echo $key > /proc/sysrq-trigger; sleep 1; done ;;
  oom)
    # sort holds its input in memory of its own, so that there is somebody to kill.
    dd if=/dev/zero bs=1M count=2000 | tr '\0' a | sort > /dev/null ;;
  usertext)
    echo 'systemd[1]: Starting "Report last boot: Kernel panic - not syncing: Fatal exception"...' > /dev/kmsg
    echo '<12>crashd[812]: found an old report: "BUG: unable to handle kernel NULL pointer"' > /dev/kmsg
    echo 'cloud-init[77]: WARNING: CPU: 0 PID: 1 at no such place' > /dev/kmsg
    echo 'dracut-initqueue[331]: INFO: task queue blocked for more than 9 seconds' > /dev/kmsg
    sysctl -w kernel.panic=10 kernel.panic_on_oops=1 kernel.softlockup_panic=1 ;;
  reboots)
    # Every boot restarts; the limit of record.sh ends the last.
    sleep 1; reboot -f ;;
esac
sleep 1
poweroff -f
