# The network by the NIC that booted (BOOTIF), tagged if bm.vlan says so. All other NICs are left alone,
# unless that NIC cannot be found or gets no address in PATIENCE seconds: then every NIC with a link may try.
PATIENCE=90    # a switch port may need that long before it forwards (spanning tree)
UNKNOWN_AFTER=5  # seconds with all drivers loaded after which a BOOTIF that no NIC has is given up

# BOOTIF=01-52-54-00-aa-bb-cc (pxelinux's form) or the bare address, as 52:54:00:aa:bb:cc
boot_address() {
    argument BOOTIF | tr 'A-F-' 'a-f:' | sed -E 's/^[0-9a-f]{2}:(([0-9a-f]{2}:){5}[0-9a-f]{2})$/\1/'
}

address_of() {
    cat "/sys/class/net/$1/address"
}

carrier_of() {
    [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]
}

hardware_nics() {
    for path in /sys/class/net/*; do
        [ -e "$path/device" ] && [ "$(cat "$path/type")" = 1 ] && echo "${path##*/}"
    done
}

nic_with() {
    for nic in $(hardware_nics); do
        [ "$(address_of "$nic")" = "$1" ] && echo "$nic" && return 0
    done
    return 1
}

seconds() {
    cut -d. -f1 /proc/uptime
}

# find_boot_nic ADDRESS: its name; fails when all drivers are there and it is not.
find_boot_nic() {
    loaded_at=
    until nic_with "$1"; do
        if drivers_done; then
            : "${loaded_at:=$(seconds)}"
            [ $(($(seconds) - loaded_at)) -ge "$UNKNOWN_AFTER" ] && return 1
        fi
        sleep 0.1
    done
}

# start_dhcp NIC: link up, tagged device if asked for, and a DHCP client that stays and renews.
start_dhcp() {
    [ -f "/run/bm/dhcp.$1" ] && return 0
    : >"/run/bm/dhcp.$1"
    device=$1
    if [ -n "$vlan" ]; then
        device=$1.$vlan
        "$MODPROBE" -q 8021q
        ip link add link "$1" name "$device" type vlan id "$vlan" || trouble "bm.vlan=$vlan: no such VLAN device"
        ip link set "$device" up
    fi
    udhcpc -f -i "$device" -s /usr/lib/bm/dhcp.script -t 15 -T 2 -A 1 -V bm-ramdisk >/run/bm/udhcpc."$device".log 2>&1 &
}

leased() {
    [ -f /run/bm/lease ]
}

# Waits up to PATIENCE seconds for $1's lease; says every ten seconds what is missing.
wait_for_lease() {
    ip link set "$1" up
    until=$(($(seconds) + PATIENCE)) next=$(($(seconds) + 10))
    until leased; do
        carrier_of "$1" && start_dhcp "$1"
        now=$(seconds)
        [ "$now" -ge "$until" ] && return 1
        if [ "$now" -ge "$next" ]; then
            next=$((now + 10))
            say "$1 $(address_of "$1"): $(what_is_missing "$1"), $((until - now)) s left"
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
    next=$(($(seconds) + 10))
    until leased; do
        for nic in $(hardware_nics); do
            ip link set "$nic" up
            carrier_of "$nic" && start_dhcp "$nic"
        done
        if [ "$(seconds)" -ge "$next" ]; then
            next=$(($(seconds) + 30))
            say "still no address; NICs: $(nic_summary)"
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
    address=$(boot_address)
    if [ -z "$address" ]; then
        trouble "no BOOTIF on the kernel command line; trying every NIC with a link"
    elif ! nic=$(find_boot_nic "$address"); then
        trouble "no NIC has BOOTIF's address $address; trying every NIC with a link: $(nic_summary)"
    elif ! wait_for_lease "$nic"; then
        trouble "$nic $address: $(what_is_missing "$nic") after $PATIENCE s; trying every NIC with a link"
    fi
    leased || try_all_nics
    read -r device ip router <"/run/bm/lease"
    say "$device $(address_of "$device") up, $ip${router:+, router $router}, asking $(argument bm.api)"
}
