# Kernel modules by what the hardware says it is (modalias); devtmpfs makes the nodes.
MODPROBE=/usr/sbin/modprobe   # with its path: xargs is busybox's and prefers an applet to what PATH finds

# Drivers of the network devices alone, so that DHCP need not wait for slow disk controllers.
load_network_drivers() {
    nics=$(grep -l '^0x02' /sys/bus/pci/devices/*/class 2>/dev/null | sed 's,/class$,,')
    for nic in $nics; do
        cat "$nic/modalias"
    done | sort -u | xargs -r "$MODPROBE" -a -b -q
    for nic in $nics; do
        cat "$nic"/virtio*/modalias 2>/dev/null
    done | sort -u | xargs -r "$MODPROBE" -a -b -q
}

# Every device's driver; again while that brings up devices nobody has seen yet (virtio, NVMe behind VMD, SCSI).
load_all_drivers() {
    echo none >/run/bm/modalias.seen
    for _ in 1 2 3 4 5 6; do
        cat /sys/bus/*/devices/*/modalias 2>/dev/null | sort -u >/run/bm/modalias.now
        grep -vxFf /run/bm/modalias.seen /run/bm/modalias.now >/run/bm/modalias.new || break
        xargs "$MODPROBE" -a -b -q </run/bm/modalias.new
        cp /run/bm/modalias.now /run/bm/modalias.seen
    done
    "$MODPROBE" -a -b -q sd_mod sr_mod
    wait_for_cards
    if [ -d /sys/firmware/efi ]; then
        "$MODPROBE" -q efivarfs
        mount -t efivarfs efivarfs /sys/firmware/efi/efivars
    else
        "$MODPROBE" -q edd
    fi
    : >/run/bm/drivers.done
}

# A host of eMMC and SD cards looks for its card in the background: up to 3 s, where there is one.
wait_for_cards() {
    ls /sys/class/mmc_host/mmc* >/dev/null 2>&1 || return 0
    "$MODPROBE" -q mmc_block
    tries=0
    until ls /sys/block/mmcblk* >/dev/null 2>&1 || [ "$tries" -ge 30 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

# missing_firmware: the kernel's messages (stdin) as lines "FILE PACKAGE DEVICE", one for each file that a driver
# asked for in vain.
missing_firmware() {
    sed -n -E 's/^(\[[^]]*\] )?(.*): (Direct firmware load for|firmware: failed to load) ([^ ]+) .*/\4 \2/p' |
        sort -u | while read -r file device; do
        echo "$file $(package_of "$file") $device"
    done
}

# package_of FILE: the Debian package that has the firmware.
package_of() {
    while read -r prefix package; do
        case $1 in
        "$prefix"*)
            echo "$package"
            return
            ;;
        esac
    done <"${FIRMWARE_LIST:-/etc/firmware.list}"
    echo unknown
}

# report_firmware: says what is missing, once; the agent finds it in /run/bm/firmware.missing.
report_firmware() {
    [ -f /run/bm/firmware.missing ] || echo none >/run/bm/firmware.missing
    dmesg | missing_firmware >/run/bm/firmware.now
    grep -vxFf /run/bm/firmware.missing /run/bm/firmware.now >/run/bm/firmware.new || return 0
    while read -r file package device; do
        say "$device: this RAM disk lacks its firmware $file (Debian's package: $package)"
    done </run/bm/firmware.new
    cat /run/bm/firmware.new >>/run/bm/firmware.missing
}

drivers_done() {
    [ -f /run/bm/drivers.done ]
}

# Disk controllers have two minutes; after that the agent starts with what is there.
wait_for_drivers() {
    tries=0
    until drivers_done; do
        tries=$((tries + 1))
        [ $((tries % 100)) = 0 ] && say "waiting for drivers, $((tries / 10)) s so far"
        [ "$tries" -ge 1200 ] && trouble "a driver does not finish; going on without it" && break
        sleep 0.1
    done
    report_firmware
    say "disks: $(disks)"
}

disks() {
    found=
    for block in /sys/block/*; do
        [ -e "$block/device" ] || continue   # loop, md, dm and the like
        case $block in
        */sr* | */mmcblk*boot* | */mmcblk*rpmb | */mmcblk*gp*) continue ;; # the last three: areas of an eMMC
        esac
        [ "$(cat "$block/size")" = 0 ] && continue
        found="$found${found:+, }${block##*/} $(($(cat "$block/size") / 2048)) MiB"
    done
    echo "${found:-none}"
}
