# shellcheck shell=bash
# Stats for shell scripts, to be sourced by bash, dash, busybox ash or zsh; see mmstats.sh(7).
#
#	. mmstats.sh
#	mmstats_open backup                     # $MMSTATS_PATH/backup.mmstats
#	mmstats files+=1 bytes+=4096 state='copying /home'
#	mmstats_time copy rsync -a /home /backup
#	mmstats_close
#
# In bash, an update is a line to an mmstats-write that runs beside the script,
# and starts no process; in other shells each update is a run of mmstats-write.
# Errors are written to standard error. Functions return 0, except mmstats_time,
# which returns the status of its command, and mmstats_sync.
#
# All of these shells have to parse this file. What only bash can run is only
# called in bash.

# mmstats_open [--pid] [--heartbeat TIME] [--from FILE] NAME [LABEL:TYPE[=VALUE]...]
# Chooses the file of the updates that follow, and declares stats. A NAME with a
# slash is the path of a file. The file stays for the next run of the script;
# with --pid it is made anew, and cleanstats removes it after this run. The other
# options are those of "mmstats-write create".
mmstats_open() {
	local _mmstats_pid='' _mmstats_beat='' _mmstats_from='' _mmstats_before=$_mmstats_state
	mmstats_close
	while :; do
		case ${1-} in
		--pid) _mmstats_pid=$$ ;;
		--heartbeat) _mmstats_beat=${2-} ;;
		--from) _mmstats_from=${2-} ;;
		*) break ;;
		esac
		if [ "$1" != --pid ] && [ $# -gt 1 ]; then
			shift
		fi
		shift
	done
	if [ -z "${1-}" ]; then
		echo 'mmstats_open: NAME is missing' >&2
		return 0
	fi
	if ! command -v mmstats-write >/dev/null; then
		[ "$_mmstats_before" = missing ] || echo 'mmstats_open: mmstats-write: not found, so there are no stats' >&2
		_mmstats_state=missing
		return 0
	fi
	case $1 in
	*/*) _mmstats_option=--file ;;
	*) _mmstats_option=--name ;;
	esac
	_mmstats_name=$1
	_mmstats_state=open
	_mmstats_failed=0
	_mmstats_timed=' '
	shift
	if [ $# -gt 0 ] || [ -n "$_mmstats_pid$_mmstats_beat$_mmstats_from" ]; then
		_mmstats_write create ${_mmstats_pid:+"--pid=$_mmstats_pid"} \
			${_mmstats_beat:+"--heartbeat=$_mmstats_beat"} ${_mmstats_from:+"--from=$_mmstats_from"} -- "$@"
	fi
	case ${BASH_VERSION-} in
	'' | [1-3].* | 4.0*) ;;
	*)
		_mmstats_starts=0
		_mmstats_trap=$(trap -p PIPE)
		_mmstats_start || :
		;;
	esac
}

# mmstats LABEL[:TYPE](=|+=|-=)VALUE...
# Updates stats: all of them, or after an error none.
mmstats() {
	if [ "$_mmstats_state" != open ]; then
		[ -n "$_mmstats_state" ] || echo 'mmstats: call mmstats_open first' >&2
		: "${_mmstats_state:=unopened}"
		return 0
	fi
	if [ $# -eq 0 ] || { [ -n "$_mmstats_in" ] && _mmstats_send "$@"; }; then
		return 0
	fi
	_mmstats_write -- "$@"
}

# mmstats_time LABEL CMD [ARG...]
# Runs a command or a function, and returns its status. Adds its seconds to LABEL,
# which is made as a histogram, adds 1 to LABEL.ok or LABEL.failed, and sets
# LABEL.last_exit and, on success, LABEL.last_success.
mmstats_time() {
	if [ $# -lt 2 ]; then
		echo 'mmstats_time: LABEL or CMD is missing' >&2
		return 2
	fi
	local _mmstats_status=0 _mmstats_label=$1 _mmstats_began _mmstats_ended _mmstats_ok=1
	shift
	if [ "$_mmstats_state" = open ] && [ -z "${EPOCHREALTIME-}" ]; then
		# This shell has no precise clock, so mmstats-write measures programs.
		case $(command -v -- "$1" || :) in
		/*)
			mmstats-write "$_mmstats_option" "$_mmstats_name" time "$_mmstats_label" -- "$@" || _mmstats_status=$?
			return "$_mmstats_status"
			;;
		esac
	fi
	_mmstats_clock
	_mmstats_began=$_mmstats_now
	"$@" || _mmstats_status=$?
	_mmstats_clock
	_mmstats_ended=$((_mmstats_now - _mmstats_began))
	[ "$_mmstats_ended" -ge 0 ] || _mmstats_ended=0 # somebody set the clock back
	[ "$_mmstats_status" -eq 0 ] || _mmstats_ok=0
	_mmstats_declare "$_mmstats_label"
	set -- "$_mmstats_label+=${_mmstats_ended}e-6" \
		"$_mmstats_label.ok+=$_mmstats_ok" "$_mmstats_label.failed+=$((1 - _mmstats_ok))" \
		"$_mmstats_label.last_exit=$_mmstats_status"
	[ "$_mmstats_ok" = 0 ] || set -- "$@" "$_mmstats_label.last_success=${EPOCHSECONDS:-$(date +%s)}"
	mmstats "$@"
	return "$_mmstats_status"
}

# mmstats_sync
# Waits until readers see all updates so far. Returns 1 if an update has failed
# since the last call.
mmstats_sync() {
	local _mmstats_reply=''
	if [ -n "$_mmstats_in" ]; then
		if ! _mmstats_put '?' || ! IFS= read -r _mmstats_reply <&"$_mmstats_out"; then
			_mmstats_restart || :
		fi
		[ "$_mmstats_reply" = ok ] || _mmstats_failed=1
	fi
	set -- "$_mmstats_failed"
	_mmstats_failed=0
	return "$1"
}

# mmstats_close
# Waits as mmstats_sync does, and stops publishing. A script that ends without it
# loses no update.
mmstats_close() {
	mmstats_sync || :
	_mmstats_drop
	_mmstats_state=
}

# The rest is internal.

: "${_mmstats_state=}" # "", open, missing or unopened; sourcing again keeps it
[ -z "${ZSH_VERSION-}" ] || zmodload zsh/datetime || : # $EPOCHREALTIME
: "${_mmstats_name=}" "${_mmstats_option=}"
: "${_mmstats_failed=0}" "${_mmstats_timed= }" # labels that were declared for mmstats_time
: "${_mmstats_in=}" "${_mmstats_out=}" # descriptors of the stream, while there is one
: "${_mmstats_shell=}" "${_mmstats_starts=0}" "${_mmstats_trap=}"

# _mmstats_write ARG...: runs mmstats-write for the open file.
_mmstats_write() {
	mmstats-write "$_mmstats_option" "$_mmstats_name" "$@" || _mmstats_failed=1
}

# _mmstats_declare LABEL: declares what mmstats_time updates, once for a label. A
# timer that exists stays one, so errors are not told.
_mmstats_declare() {
	case $_mmstats_state$_mmstats_timed in
	open*" $1 "*) return 0 ;;
	open*) _mmstats_timed="$_mmstats_timed$1 " ;;
	*) return 0 ;;
	esac
	mmstats-write "$_mmstats_option" "$_mmstats_name" create --unit seconds -- "${1}:histogram" 2>/dev/null || :
	mmstats-write "$_mmstats_option" "$_mmstats_name" create --unit unixtime -- "$1.last_success:int" 2>/dev/null || :
}

# _mmstats_clock: sets _mmstats_now to a time in microseconds.
_mmstats_clock() {
	local _mmstats_text=${EPOCHREALTIME-} _mmstats_rest _mmstats_micro
	if [ -z "$_mmstats_text" ]; then
		read -r _mmstats_text _mmstats_rest 2>/dev/null </proc/uptime || _mmstats_text=$(date +%s).0
	fi
	# In some locales, the decimal point is a comma.
	_mmstats_micro=${_mmstats_text#*[!0-9]}000000
	_mmstats_micro=1${_mmstats_micro%"${_mmstats_micro#??????}"} # a number must not begin with 0
	_mmstats_now=$((${_mmstats_text%%[!0-9]*} * 1000000 + _mmstats_micro - 1000000))
}

# The stream, in bash only.

# _mmstats_start: starts the stream. Its descriptors are open in subshells of the
# script, and closed in programs that the script runs. The stream does not end by
# a signal that all processes of the script get: updates may follow.
_mmstats_start() {
	_mmstats_starts=$((_mmstats_starts + 1))
	_mmstats_shell=$BASHPID
	coproc mmstats-write "$_mmstats_option" "$_mmstats_name" stream --until-eof
	# "wait" would wait for it if it were a job, and the script could have no
	# coprocess of its own. If it has ended by now, COPROC is unset.
	disown "$!" 2>/dev/null || :
	set -- "${COPROC[@]-}"
	if ! { exec {_mmstats_in}>&"${2-}"- {_mmstats_out}<&"${1-}"-; } 2>/dev/null; then
		_mmstats_in=
		return 1
	fi
}

# _mmstats_drop: closes the stream, which ends when no subshell uses it.
_mmstats_drop() {
	[ -n "$_mmstats_in" ] || return 0
	exec {_mmstats_in}>&- {_mmstats_out}<&-
	_mmstats_in=
}

# _mmstats_restart: starts the stream again after it has ended, but not in a
# subshell, and not more than five times.
_mmstats_restart() {
	_mmstats_drop
	_mmstats_failed=1
	if [ "$BASHPID" != "$_mmstats_shell" ] || [ "$_mmstats_starts" -gt 5 ]; then
		return 1
	fi
	echo 'mmstats: mmstats-write is gone; it is started again' >&2
	_mmstats_start
}

# _mmstats_put LINE: writes a line to the stream. SIGPIPE is ignored meanwhile:
# it would end the script if the stream has ended.
_mmstats_put() {
	local _mmstats_status=0
	trap '' PIPE
	printf '%s\n' "$1" 1>&"$_mmstats_in" 2>/dev/null || _mmstats_status=1
	eval "${_mmstats_trap:-trap - PIPE}"
	return "$_mmstats_status"
}

# _mmstats_send WORD...: sends assignments to the stream. It returns 1 if a run of
# mmstats-write has to carry them out instead.
_mmstats_send() {
	local _mmstats_word _mmstats_value _mmstats_line='' _mmstats_whole=1
	for _mmstats_word; do
		case $_mmstats_word in
		*[\\$' \t\r\n']* | *=[\"\']*)
			_mmstats_value=
			case $_mmstats_word in
			*=*)
				_mmstats_value="=${_mmstats_word#*=}"
				_mmstats_word=${_mmstats_word%%=*}
				;;
			esac
			case $_mmstats_word in
			*\\*) _mmstats_whole= ;; # it has escapes already
			esac
			_mmstats_value=${_mmstats_value//\\/\\\\}
			case $_mmstats_value in
			=[\"\']*) _mmstats_value="=\\${_mmstats_value#=}" ;; # it would be quoted
			esac
			_mmstats_word=$_mmstats_word$_mmstats_value
			_mmstats_word=${_mmstats_word// /\\ }
			_mmstats_word=${_mmstats_word//$'\t'/\\t}
			_mmstats_word=${_mmstats_word//$'\r'/\\r}
			_mmstats_word=${_mmstats_word//$'\n'/\\n}
			;;
		esac
		_mmstats_line="$_mmstats_line $_mmstats_word"
	done
	_mmstats_line=${_mmstats_line# }
	case $_mmstats_line in
	[#?]*) _mmstats_line="\\$_mmstats_line" ;; # else it would be a comment or a question
	esac
	# Writes of up to 4096 bytes to a pipe are not mixed with those of others.
	if [ -z "$_mmstats_whole" ] || [ ${#_mmstats_line} -gt 1000 ]; then
		mmstats_sync || _mmstats_failed=1
		return 1
	fi
	_mmstats_put "$_mmstats_line" || { _mmstats_restart && _mmstats_put "$_mmstats_line"; }
}
