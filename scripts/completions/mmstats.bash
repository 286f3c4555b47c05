# shellcheck shell=bash
# Completes the commands of mmstats in bash. The commands themselves list what fits, one candidate a line; a line
# that starts with a tab says that the rest is another command, and where it starts.
_mmstats_complete() {
	# Bash splits words at : and =, which labels and assignments hold: join them.
	local rest=$COMP_LINE words=() starts=() word blank quote='' unquoted i
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		blank=${rest%%[![:space:]]*}
		rest=${rest#"$blank"}
		rest=${rest#"$word"}
		if ((i > 0)) && [[ -z $blank ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
			starts+=("$i")
		fi
	done
	local current=${words[${#words[@]} - 1]} candidates=() candidate keep
	for i in "${!words[@]}"; do
		word=${words[i]} unquoted=
		[[ $word != [\"\']* ]] || word=${word:1}
		while [[ $word == *\\?* ]]; do
			unquoted+=${word%%\\*}
			word=${word#*\\}
			unquoted+=${word:0:1}
			word=${word:1}
		done
		words[i]=$unquoted${word%[\"\']}
	done
	[[ $current != [\"\']* ]] || quote=yes
	mapfile -t candidates < <(GO_FLAGS_COMPLETION=1 "${words[@]}" 2>/dev/null)
	if [[ ${candidates[0]-} == $'\t'* ]]; then
		_mmstats_complete_command "${starts[${candidates[0]#$'\t'}]}"
		return
	fi
	# What stands before the last : or = stays as it is typed.
	keep=
	[[ -n $quote ]] || keep=${current%"${current##*[:=]}"}
	COMPREPLY=()
	for candidate in "${candidates[@]}"; do
		if [[ -z $quote ]]; then
			candidate=$(printf %q "$candidate")
			candidate=${candidate//\\,/,} # outside of braces, a comma is itself
		fi
		COMPREPLY+=("${candidate#"$keep"}")
	done
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=/] ]] || compopt -o nospace
}

# _mmstats_complete_command N: completes the command that starts at word N.
_mmstats_complete_command() {
	compopt -o filenames
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}
complete -o default -F _mmstats_complete slurpstats pollstats cleanstats mmash mmstats-write recstats
