#!/bin/bash
# Records the clean logs of this folder: boots of real kernels under qemu (TCG).
#   record.sh WORK [NAME...]
# WORK/r/<package> holds unpacked packages (apt-get download; dpkg-deb -x): the
# linux-image packages named below and busybox-static. Needs qemu-system-x86, kmod, cpio,
# e2fsprogs. A log ends as NAME.log.gz beside this script.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$1" && pwd)
shift
modules="virtio_pci virtio_mmio virtio_net virtio_blk virtio_scsi virtio_balloon virtio_rng
 virtio_console e1000 e1000e igb vmxnet3 8139cp nvme ahci ata_piix sd_mod sr_mod xhci_pci
 ehci_pci uhci_hcd usb_storage uas usbhid megaraid_sas mptspi ext4 xfs btrfs vfat isofs
 loop dm_mod dm_mirror raid1 bridge veth dummy bonding 8021q tun softdog i6300esb iTCO_wdt
 pvpanic snd_hda_intel sdhci_pci edac_core i2c_i801 acpi_cpufreq dm_flakey"

# name | kernel package (beginning) | machine and processor | command line | devices | what the guest does
boots() {
  cat <<'END'
pc-6.1|linux-image-6.1.0-56-amd64|-machine pc -m 512 -smp 1||-nic user,model=e1000|
pc-6.1-panic-options|linux-image-6.1.0-56-amd64|-machine pc -m 512 -smp 2|panic=10 oops=panic panic_on_warn=1 softlockup_panic=1 hung_task_panic=1 nmi_watchdog=1|-nic user,model=e1000|
q35-6.1-storage|linux-image-6.1.0-56-amd64|-machine q35 -m 768 -smp 2||-drive file=$d1,if=none,id=a,format=raw -device nvme,drive=a,serial=1 -drive file=$d2,if=none,id=b,format=raw -device virtio-blk,drive=b -device ahci,id=h -drive file=$d3,if=none,id=c,format=raw -device ide-hd,drive=c,bus=h.0|mounts
q35-6.1-usb|linux-image-6.1.0-56-amd64|-machine q35 -m 512 -smp 2 -cpu Nehalem||-device qemu-xhci -device usb-kbd -device usb-tablet -drive file=$d1,if=none,id=a,format=raw -device usb-storage,drive=a|hotplug
pc-6.1-sysrq|linux-image-6.1.0-56-amd64|-machine pc -m 512 -smp 2|sysrq_always_enabled||sysrq
pc-6.1-oom|linux-image-6.1.0-56-amd64|-machine pc -m 320 -smp 1|||oom
cloud-6.1|linux-image-6.1.0-56-cloud-amd64|-machine q35 -m 512 -smp 2|console=tty0 net.ifnames=0|-nic user,model=virtio-net-pci -device virtio-rng-pci -device virtio-balloon-pci|network
cloud-6.1-older-machine|linux-image-6.1.0-56-cloud-amd64|-machine pc-i440fx-4.2 -m 384 -smp 1|reboot=t panic=30||
rt-6.1|linux-image-6.1.0-56-rt-amd64|-machine q35 -m 512 -smp 2|threadirqs|-nic user,model=e1000e|network
pc-6.1-older|linux-image-6.1.0-47-amd64|-machine pc -m 512 -smp 4 -cpu Opteron_G3|mitigations=off debug|-nic user,model=rtl8139|hotplug
q35-6.1-numa|linux-image-6.1.0-47-amd64|-machine q35 -m 1G -smp 4,sockets=2 -object memory-backend-ram,id=m0,size=512M -object memory-backend-ram,id=m1,size=512M -numa node,memdev=m0,cpus=0-1 -numa node,memdev=m1,cpus=2-3|numa_balancing=enable||hotplug
pc-6.12|linux-image-6.12.117+deb12-amd64|-machine pc -m 640 -smp 1||-nic user,model=e1000|
q35-6.12-iommu|linux-image-6.12.117+deb12-amd64|-machine q35 -m 768 -smp 2 -cpu Haswell|intel_iommu=on iommu=strict|-device intel-iommu -nic user,model=e1000e|network
q35-6.12-storage|linux-image-6.12.117+deb12-amd64|-machine q35 -m 768 -smp 2|panic=-1|-device megasas,id=s -drive file=$d1,if=none,id=a,format=raw -device scsi-hd,drive=a,bus=s.0 -device virtio-scsi-pci,id=v -drive file=$d2,if=none,id=b,format=raw -device scsi-hd,drive=b,bus=v.0|mounts
q35-6.12-errors|linux-image-6.12.117+deb12-amd64|-machine q35 -m 640 -smp 2||-drive file=blkdebug:$work/errors.conf:$d1,if=none,id=a,format=raw,rerror=report,werror=report -device ide-hd,drive=a|errors
pc-6.12-sysrq|linux-image-6.12.117+deb12-amd64|-machine pc -m 640 -smp 2|sysrq_always_enabled kdb.cmd_enable=0|-device i6300esb -device pvpanic|sysrq
q35-6.12-user-text|linux-image-6.12.117+deb12-amd64|-machine q35 -m 640 -smp 1|printk.devkmsg=on|-device pvpanic-pci|usertext
cloud-6.12|linux-image-6.12.117+deb12-cloud-amd64|-machine q35 -m 512 -smp 2 -cpu EPYC|quiet loglevel=7|-nic user,model=virtio-net-pci -drive file=$d1,if=virtio,format=raw|mounts
rt-6.12|linux-image-6.12.117+deb12-rt-amd64|-machine q35 -m 640 -smp 2|rcutree.use_softirq=0|-nic user,model=vmxnet3|network
pc-6.12-verbose|linux-image-6.12.117+deb12-amd64|-machine pc -m 640 -smp 1|ignore_loglevel log_buf_len=4M apic=verbose efi=debug hugepages=4 audit=1|-nic user,model=e1000|oom
rt-6.12-hotplug|linux-image-6.12.117+deb12-rt-amd64|-machine q35 -m 640 -smp 4 -cpu Skylake-Client|nohz_full=1 rcu_nocbs=1|-device intel-hda -device hda-duplex -device sdhci-pci|hotplug
cloud-6.12-reboots|linux-image-6.12.117+deb12-cloud-amd64|-machine pc -m 512 -smp 1|reboot=k panic=1|-nic user,model=virtio-net-pci|reboots
END
}

prepare() { # kernel package -> $work/<package>.cpio.gz
  local package=$1 tree=$work/r/$1 root=$work/root.$1
  [ -e "$work/$package.cpio.gz" ] && return
  rm -rf "$root"
  mkdir -p "$root"/{bin,proc,sys,dev,mod,mnt,tmp}
  cp "$work"/r/busybox-static/bin/busybox "$root/bin/"
  ln -s busybox "$root/bin/sh"
  local version
  version=$(ls "$tree/lib/modules")
  depmod -b "$tree" "$version"
  for module in $modules; do
    modprobe -d "$tree" -S "$version" --show-depends "$module" 2>/dev/null || true
  done | awk '/^insmod/ && !seen[$2]++ {print $2}' > "$work/order.$package"
  while read -r file; do
    local plain=${file##*/}
    case $file in
      *.xz) xz -dc "$file" > "$root/mod/${plain%.xz}"; echo "${plain%.xz}" ;;
      *) cp "$file" "$root/mod/"; echo "$plain" ;;
    esac
  done < "$work/order.$package" > "$root/order"
  cp "$here/init.sh" "$root/init"
  chmod +x "$root/init"
  (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1 > "$work/$package.cpio.gz")
}

record() {
  local name=$1 package=$2 machine=$3 command=$4 devices=$5 doing=$6
  prepare "$package"
  for n in 1 2 3; do
    truncate -s 64M "$work/disk$n"
    mkfs.ext4 -q -F "$work/disk$n"
  done
  printf '[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "2048"\n' > "$work/errors.conf"
  local d1=$work/disk1 d2=$work/disk2 d3=$work/disk3 arguments
  eval "arguments=($machine $devices)"
  case "$devices" in *-nic*) ;; *) arguments+=(-nic none) ;; esac
  timeout "${LIMIT:-150}" qemu-system-x86_64 -accel tcg "${arguments[@]}" -nographic -monitor none \
    -serial "file:$work/$name.log" -kernel "$work"/r/"$package"/boot/vmlinuz-* \
    -initrd "$work/$package.cpio.gz" -append "console=ttyS0,115200 doing=$doing $command" \
    $( [ "$doing" = reboots ] || echo -no-reboot ) < /dev/null || echo "$name: ended by $?"
  gzip -9n < "$work/$name.log" > "$here/$name.log.gz"
  echo "$name: $(wc -l < "$work/$name.log") lines"
}

boots | while IFS='|' read -r name package machine command devices doing; do
  if [ $# -eq 0 ] || [[ " $* " == *" $name "* ]]; then
    record "$name" "$package" "$machine" "$command" "$devices" "$doing"
  fi
done
