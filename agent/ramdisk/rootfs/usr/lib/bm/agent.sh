# bm-agent is kept running: again after 1, 2, 4 ... 30 s; from 1 s on again once it has run for a minute.
run_agent() {
    pause=1
    while :; do
        set_now
        started=$now
        say "starting bm-agent"
        bm-agent </dev/null >/dev/console 2>&1 &
        agent=$!
        wait "$agent"   # a signal's trap runs at once, unlike with a foreground child
        status=$?
        set_now
        [ $((now - started)) -ge 60 ] && pause=1
        trouble "bm-agent ended with status $status, again in $pause s"
        sleep "$pause"
        pause=$((pause * 2))
        [ "$pause" -gt 30 ] && pause=30
    done
}
