#!/bin/sh
# Says when a program ended and what it did in its last minute, from an archive of recstats, and writes that minute to
# NAME.mmrec, for somebody else to look at: postmortem.sh ARCHIVE NAME. NAME is how the names of its stat files begin.
#
#	recstats /var/lib/recstats &          # or the systemd unit, all the time
#	postmortem.sh /var/lib/recstats web   # after the night
set -eu

archive=$1 name=$2

# A row a record: the time, the time since the row before, and the pids of the programs that run.
rows() { pollstats -o tsv --live -r "$archive" '*sys.pid:value' "$name*.mmstats"; }

# The times of a minute before the end, of the last row in which one runs, and of the next one.
times=$(rows | awk -F '\t' '
	$3 != "-" { last = NR }
	{ at[NR] = $1; since[NR] = since[NR - 1] + $2 }
	END {
		for (first = last; first > 1 && since[last] - since[first] < 60; first--);
		if (last) print at[first], at[last], at[last + 1]
	}')
if [ -z "$times" ]; then
	echo "$archive has no $name that ran"
	exit 1
fi
IFS=' ' read -r from last gone <<TIMES
$times
TIMES
if [ -z "$gone" ]; then
	echo "$name runs at the end of $archive, $last"
	exit 1
fi
echo "$name ran at $last, and not any more at $gone."

printf '\nWhat it had at the end:\n\n'
slurpstats -r "$archive" --at "$last" -o text "$name*.mmstats"

recstats cut --from "$from" --to "$gone" "$archive" >"$name.mmrec"
printf 'What it did before, which is in %s:\n\n' "$name.mmrec"
pollstats -r "$name.mmrec" -o text -n 0 '*' "$name*.mmstats" | tail -n 20
