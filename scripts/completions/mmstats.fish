# Completes the commands of mmstats in fish. The commands themselves list what fits, one candidate a line; a line that
# starts with a tab says that the rest is another command, and where it starts.
function __mmstats_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct | string unescape)
	set -l candidates (GO_FLAGS_COMPLETION=1 command $words "$current" 2>/dev/null)
	if string match -q -- \t'*' "$candidates[1]"
		set -l start (math (string trim -- $candidates[1]) + 1)
		set -l rest
		if test (count $words) -ge $start
			set rest (string escape -- $words[$start..])
		end
		complete -C "$rest $current"
	else if test -n "$candidates"
		printf '%s\n' $candidates
	else
		__fish_complete_path "$current"
	end
end
for command in slurpstats pollstats cleanstats mmash mmstats-write recstats
	complete -c $command -f -a '(__mmstats_complete)'
end
