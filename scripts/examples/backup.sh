#!/bin/sh
# Copies a folder, for cron: backup.sh SOURCE TARGET. A failure is a counter that a watchdog sees.
#
#	15 3 * * * backup.sh /home /mnt/backup
#
#	backup.copy               seconds that runs took, a histogram
#	backup.copy.ok|failed     how often
#	backup.copy.last_exit     status of the last run
#	backup.copy.last_success  when it last went well
#	backup.size               bytes of the copy
#
# It is expected once a day: readers call the file stale when it stays away.
set -u

source=$1
target=$2
stats() { mmstats-write -n backup -p backup "$@"; }

stats create --heartbeat 25h
stats create --unit bytes --about 'Size of the copy' size:int
stats time copy -- cp -a -- "$source/." "$target"
status=$?
stats size="$(($(du -sk "$target" | cut -f 1) * 1024))"
exit $status
