# Words to people: say, trouble; and the kernel command line: argument, has_argument.

# One line on every console and in /run/bm/init.log.
say() {
    read -r up _ </proc/uptime
    line=$(printf '[%8.2f] bm: %s' "$up" "$*")
    echo "$line" >>/run/bm/init.log
    for tty in $(cat /sys/class/tty/console/active); do
        printf '%s\n' "$line" >"/dev/$tty"
    done
} 2>/dev/null

# argument NAME: the value of NAME=value on the kernel command line (the last one), nothing when it is not there.
argument() {
    tr -s ' \n' '\n\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

has_argument() {
    tr -s ' \n' '\n\n' </proc/cmdline | grep -q -E "^$1(=|\$)"
}

# trouble TEXT: says it; with bm.debug on the command line also opens a shell on the console, one at a time.
trouble() {
    say "$*"
    has_argument bm.debug || return 0
    [ -f /run/bm/shell.pid ] && kill -0 "$(cat /run/bm/shell.pid)" 2>/dev/null && return 0
    say "bm.debug: a shell on the console; everything else goes on"
    setsid cttyhack sh -c 'echo $$ >/run/bm/shell.pid; exec busybox ash' </dev/console >/dev/console 2>&1 &
}
