#!/bin/sh
# Counts the lines of web server logs by status, as they come: tail -F access.log | accesslog.sh [NAME]
#
#	web.requests                      all lines
#	web.status.2XX, .3XX, .4XX, .5XX  by class
#	web.bytes                         that were sent
#
# Watch it with: pollstats -p web.status 2XX,3XX,4XX,5XX
set -eu

name=${1:-web}
set --
# mawk waits for a full buffer unless it is told otherwise.
! awk -W version 2>/dev/null </dev/null | grep -q mawk || set -- -W interactive

# In the common and the combined format, field 9 is the status and 10 the bytes.
awk "$@" '
	$9 ~ /^[1-5][0-9][0-9]$/ {
		print "requests+=1", "status." substr($9, 1, 1) "XX+=1", "bytes+=" ($10 + 0)
		fflush()
	}
' | mmstats-write -n "$name" -p web stream
