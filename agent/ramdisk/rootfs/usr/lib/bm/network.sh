# The network by the NIC that booted (BOOTIF), tagged if bm.vlan says so. All other NICs are left alone,
# unless that NIC cannot be found or gets no address in PATIENCE seconds: then every NIC with a link may try.
PATIENCE=90    # a switch port may need that long before it forwards (spanning tree)
UNKNOWN_AFTER=5  # seconds with all drivers loaded after which a BOOTIF that no NIC has is given up

# Waiting loops below call no program but sleep: a small machine has better things to do while drivers load.

# BOOTIF=01-52-54-00-aa-bb-cc (pxelinux's form) or the bare address, as 52:54:00:aa:bb:cc
boot_address() {
    argument BOOTIF | tr 'A-F-' 'a-f:' | sed -E 's/^[0-9a-f]{2}:(([0-9a-f]{2}:){5}[0-9a-f]{2})$/\1/'
}

address_of() {
    cat "/sys/class/net/$1/address"
}

# Reading the carrier of a NIC that is not up fails: no link, then.
carrier_of() {
    read -r carrier <"/sys/class/net/$1/carrier" && [ "$carrier" = 1 ]
} 2>/dev/null

set_now() {
    read -r now _ </proc/uptime
    now=${now%.*}
}

# is_hardware PATH in /sys/class/net: an Ethernet device, no tunnel, VLAN or bridge
is_hardware() {
    [ -e "$1/device" ] && read -r type <"$1/type" && [ "$type" = 1 ]
}

hardware_nics() {
    for path in /sys/class/net/*; do
        is_hardware "$path" && echo "${path##*/}"
    done
}

# set_nic ADDRESS: $nic is the name of the NIC that has it.
set_nic() {
    for path in /sys/class/net/*; do
        is_hardware "$path" && read -r address <"$path/address" && [ "$address" = "$1" ] && nic=${path##*/} && return 0
    done
    return 1
}

# find_boot_nic ADDRESS: sets $nic; fails when all drivers are there, or time is up, and it is not.
find_boot_nic() {
    set_now
    until=$((now + PATIENCE)) sooner=
    until set_nic "$1"; do
        set_now
        [ -z "$sooner" ] && drivers_done && sooner=1 && until=$((now + UNKNOWN_AFTER))
        [ "$now" -ge "$until" ] && return 1
        sleep 0.1
    done
}

# start_dhcp NIC: a DHCP client that stays and renews, on the NIC or on its VLAN device. No second one for a NIC.
start_dhcp() {
    { read -r client <"/run/bm/udhcpc.$1.pid"; } 2>/dev/null && [ -d "/proc/$client" ] && return 0
    device=$1
    if [ -n "$vlan" ]; then
        device=$1.$vlan
        if [ ! -e "/sys/class/net/$device" ]; then
            "$MODPROBE" -q 8021q
            ip link add link "$1" name "$device" type vlan id "$vlan"
            ip link set "$device" up
        fi
        if [ ! -e "/sys/class/net/$device" ]; then
            trouble "bm.vlan=$vlan is not a VLAN; going on untagged"
            vlan='' device=$1
        fi
    fi
    udhcpc -f -i "$device" -s /usr/lib/bm/dhcp.script -t 15 -T 2 -A 1 -V bm-ramdisk >"/run/bm/udhcpc.$1.log" 2>&1 &
    echo $! >"/run/bm/udhcpc.$1.pid"
}

leased() {
    [ -f /run/bm/lease ]
}

# Waits up to PATIENCE seconds for $1's lease; says every ten seconds what is missing.
wait_for_lease() {
    ip link set "$1" up
    set_now
    until=$((now + PATIENCE)) next=$((now + 10))
    until leased; do
        carrier_of "$1" && start_dhcp "$1"
        set_now
        [ "$now" -ge "$until" ] && return 1
        if [ "$now" -ge "$next" ]; then
            next=$((now + 10))
            say "$1 $(address_of "$1"): $(what_is_missing "$1"), $((until - now)) s left"
            report_firmware
        fi
        sleep 0.1
    done
}

what_is_missing() {
    if carrier_of "$1"; then
        echo "link up, no DHCP answer yet${vlan:+ in VLAN $vlan}"
    else
        echo "no link yet"
    fi
}

# For ever: without an address there is nothing else to do.
try_all_nics() {
    set_now
    next=$((now + 10))
    until leased; do
        for nic in $(hardware_nics); do
            ip link set "$nic" up
            carrier_of "$nic" && start_dhcp "$nic"
        done
        set_now
        if [ "$now" -ge "$next" ]; then
            next=$((now + 30))
            say "still no address; NICs: $(nic_summary)"
            report_firmware
        fi
        sleep 0.2
    done
}

nic_summary() {
    summary=
    for nic in $(hardware_nics); do
        carrier_of "$nic" && link=up || link=down
        summary="$summary${summary:+, }$nic $(address_of "$nic") link $link"
    done
    echo "${summary:-none}"
}

bring_up_network() {
    ip link set lo up
    vlan=$(argument bm.vlan)
    wanted=$(boot_address)
    if [ -z "$wanted" ]; then
        trouble "no BOOTIF on the kernel command line; trying every NIC with a link"
    elif ! find_boot_nic "$wanted"; then
        trouble "no NIC has BOOTIF's address $wanted; trying every NIC with a link: $(nic_summary)"
    elif ! wait_for_lease "$nic"; then
        trouble "$nic $wanted: $(what_is_missing "$nic") after $PATIENCE s; trying every NIC with a link"
    fi
    leased || try_all_nics
    read -r device ip router <"/run/bm/lease"
    say "$device $(address_of "$device") up, $ip${router:+, router $router}, asking $(argument bm.api)"
}
