#!/bin/sh
# Says what is wrong with a backup, and is silent otherwise: watchdog.sh [HOURS]. For cron, which mails what it says.
#
#	0 * * * * watchdog.sh 26
set -eu

hours=${1:-26}
file=${MMSTATS_PATH:-${TMPDIR:-/tmp}}/backup.mmstats

# value LABEL: its value, or nothing.
value() { slurpstats --value -l "$1" "$file" 2>/dev/null || :; }

exit=$(value backup.copy.last_exit)
success=$(value backup.copy.last_success)
if [ -z "$exit" ]; then
	echo "there was no backup: $file has no backup.copy.last_exit"
	exit 1
fi
status=0
if [ "$exit" != 0 ]; then
	echo "the last backup failed with status $exit, $(value backup.copy.failed) did so far"
	status=1
fi
if [ "${success:-0}" = 0 ]; then
	echo "no backup has gone well so far"
	status=1
elif [ $(($(date +%s) - success)) -gt $((hours * 3600)) ]; then
	echo "the last good backup was at $(date -d "@$success" 2>/dev/null || date -r "$success"), more than $hours hours ago"
	status=1
fi
exit $status
