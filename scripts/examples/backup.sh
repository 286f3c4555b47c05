#!/bin/sh
# Copies a folder, for cron: backup.sh SOURCE TARGET. A failure is a counter that a watchdog sees.
#
#	15 3 * * * backup.sh /home /mnt/backup
#
#	backup.copy             seconds, mean of the last 100 runs
#	backup.copy.ok|failed   how often
#	backup.copy.last_exit   status of the last run
#	backup.last_end         when it ended, in seconds since 1970
#	backup.bytes            size of the copy
set -u

source=$1
target=$2
stats() { mmstats-write -n backup -p backup "$@"; }

stats time copy -- cp -a -- "$source/." "$target"
status=$?
stats last_end="$(date +%s)" bytes:int="$(($(du -sk "$target" | cut -f 1) * 1024))"
exit $status
