# shellcheck shell=bash
# Completion of options, labels and files in bash, to be sourced: the commands themselves say what fits.
_mmstats_complete() {
	local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	mapfile -t COMPREPLY < <(GO_FLAGS_COMPLETION=1 "$1" "${words[@]}" 2>/dev/null)
}
complete -o default -F _mmstats_complete slurpstats pollstats cleanstats mmstats-write
