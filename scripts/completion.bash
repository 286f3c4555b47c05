# shellcheck shell=bash
# Completes options, labels and files in bash, which sources this file. The commands themselves list what fits.
_mmstats_complete() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	mapfile -t COMPREPLY < <(GO_FLAGS_COMPLETION=1 "$1" "${words[@]}" 2>/dev/null)
}
complete -o default -F _mmstats_complete slurpstats pollstats cleanstats mmash mmstats-write
