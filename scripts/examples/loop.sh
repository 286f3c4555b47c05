#!/usr/bin/env bash
# Checks files against their sums, and shows how far it is: loop.sh FOLDER. An update costs this script no fork.
#
# Watch it with: watch -n 1 slurpstats -o text -l 'check.*'
set -euo pipefail

# shellcheck source=/dev/null
. "${MMSTATS_SH:-$(dirname "$0")/../mmstats.sh}"

mmstats_open check
mmstats check.runs+=1 check.state=counting
total=$(find "$1" -name '*.sha256' | wc -l)
mmstats check.total="$total" check.checked=0 check.bad=0

# The loop is in a subshell, and its updates count all the same.
find "$1" -name '*.sha256' | while read -r sums; do
	mmstats check.state="reading $sums"
	mmstats_time check.seconds sha256sum --status -c "$sums" || mmstats check.bad+=1
	mmstats check.checked+=1
done
mmstats check.state=idle
mmstats_close
