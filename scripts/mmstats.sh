# shellcheck shell=bash
# Stats for shell scripts, to be sourced by bash, dash, busybox ash or zsh; see mmstats.sh(7).
#
#	. mmstats.sh
#	mmstats_open backup                     # $MMSTATS_PATH/backup.mmstats
#	mmstats files+=1 bytes+=4096 state='copying /home'
#	mmstats_time copy rsync -a /home /backup
#	mmstats_close
#
# In bash, updates are lines to one mmstats-write that runs beside the script,
# and cost no fork; in other shells each is one run of it. What goes wrong with
# the stats is said on standard error and never fails: only mmstats_time, which
# ends as its command does, and mmstats_sync return anything but 0.
#
# Every shell named above must be able to parse this file. What only bash
# understands is reached in bash alone.

# mmstats_open [--pid] NAME [LABEL:TYPE[=VALUE]...]
# Says where updates go, and declares stats. A NAME with a slash is that of a
# file. Stats go on from run to run; with --pid they begin anew, and belong to
# this script: cleanstats removes the file after it.
mmstats_open() {
	local _mmstats_pid='' _mmstats_before=$_mmstats_state
	mmstats_close
	if [ "${1-}" = --pid ]; then
		_mmstats_pid=$$
		shift
	fi
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
	shift
	if [ $# -gt 0 ] || [ -n "$_mmstats_pid" ]; then
		_mmstats_write create ${_mmstats_pid:+"--pid=$_mmstats_pid"} -- "$@"
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
# Updates stats, all of them or none.
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
# Runs a command or a function, adds its seconds to the timer LABEL and one to
# LABEL.ok or LABEL.failed, and sets LABEL.last_exit. Returns its status.
mmstats_time() {
	if [ $# -lt 2 ]; then
		echo 'mmstats_time: LABEL or CMD is missing' >&2
		return 2
	fi
	local _mmstats_status=0 _mmstats_label=$1 _mmstats_began _mmstats_ended _mmstats_ok=1
	shift
	if [ "$_mmstats_state" = open ] && [ -z "${EPOCHREALTIME-}" ]; then
		# The clock of this shell is a coarse one.
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
	mmstats "${_mmstats_label}:timer+=${_mmstats_ended}e-6" \
		"$_mmstats_label.ok+=$_mmstats_ok" "$_mmstats_label.failed+=$((1 - _mmstats_ok))" \
		"$_mmstats_label.last_exit=$_mmstats_status"
	return "$_mmstats_status"
}

# mmstats_sync
# Waits until readers see all updates so far. Returns 1 if any since the last
# time went wrong.
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
# Waits as mmstats_sync does, and ends the stats of this script. A script that
# ends without it loses nothing.
mmstats_close() {
	mmstats_sync || :
	_mmstats_drop
	_mmstats_state=
}

# What follows is not for callers.

: "${_mmstats_state=}" # "", open, missing or unopened; sourcing again keeps it
[ -z "${ZSH_VERSION-}" ] || zmodload zsh/datetime || : # $EPOCHREALTIME
: "${_mmstats_name=}" "${_mmstats_option=}"
: "${_mmstats_failed=0}"
: "${_mmstats_in=}" "${_mmstats_out=}" # descriptors of the stream, while there is one
: "${_mmstats_shell=}" "${_mmstats_starts=0}" "${_mmstats_trap=}"

# _mmstats_write ARG...: runs mmstats-write for the open file.
_mmstats_write() {
	mmstats-write "$_mmstats_option" "$_mmstats_name" "$@" || _mmstats_failed=1
}

# _mmstats_clock: sets _mmstats_now to a time in microseconds.
_mmstats_clock() {
	local _mmstats_text=${EPOCHREALTIME-} _mmstats_rest _mmstats_micro
	if [ -z "$_mmstats_text" ]; then
		read -r _mmstats_text _mmstats_rest 2>/dev/null </proc/uptime || _mmstats_text=$(date +%s).0
	fi
	# Some languages write a decimal comma.
	_mmstats_micro=${_mmstats_text#*[!0-9]}000000
	_mmstats_micro=1${_mmstats_micro%"${_mmstats_micro#??????}"} # a number must not begin with 0
	_mmstats_now=$((${_mmstats_text%%[!0-9]*} * 1000000 + _mmstats_micro - 1000000))
}

# The stream, in bash.

# _mmstats_start: starts it. Its descriptors are closed in other programs that
# the script runs, and open in its subshells. A signal to all processes of the
# script does not end it: the script may have more to say.
_mmstats_start() {
	_mmstats_starts=$((_mmstats_starts + 1))
	_mmstats_shell=$BASHPID
	coproc mmstats-write "$_mmstats_option" "$_mmstats_name" stream --until-eof
	# As a job it would make "wait" wait for ever, and as the coprocess it
	# would be in the way of the script's own. It may have ended by now, and
	# its variables with it.
	disown "$!" 2>/dev/null || :
	set -- "${COPROC[@]-}"
	if ! { exec {_mmstats_in}>&"${2-}"- {_mmstats_out}<&"${1-}"-; } 2>/dev/null; then
		_mmstats_in=
		return 1
	fi
}

# _mmstats_drop: ends it, once no subshell uses it.
_mmstats_drop() {
	[ -n "$_mmstats_in" ] || return 0
	exec {_mmstats_in}>&- {_mmstats_out}<&-
	_mmstats_in=
}

# _mmstats_restart: starts it again after it ended, unless this is a subshell
# or it ends all the time.
_mmstats_restart() {
	_mmstats_drop
	_mmstats_failed=1
	if [ "$BASHPID" != "$_mmstats_shell" ] || [ "$_mmstats_starts" -gt 5 ]; then
		return 1
	fi
	echo 'mmstats: mmstats-write is gone; it is started again' >&2
	_mmstats_start
}

# _mmstats_put LINE: writes a line to it. Whoever writes to a stream that is
# gone would be ended by SIGPIPE.
_mmstats_put() {
	local _mmstats_status=0
	trap '' PIPE
	printf '%s\n' "$1" 1>&"$_mmstats_in" 2>/dev/null || _mmstats_status=1
	eval "${_mmstats_trap:-trap - PIPE}"
	return "$_mmstats_status"
}

# _mmstats_send WORD...: hands assignments to it. A status means that they are
# to be carried out by a call of its own.
_mmstats_send() {
	local _mmstats_word _mmstats_value _mmstats_line='' _mmstats_whole=1
	for _mmstats_word; do
		case $_mmstats_word in
		*[\\$' \t\r\n']*)
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
			_mmstats_word=$_mmstats_word${_mmstats_value//\\/\\\\}
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
	[#?]*) _mmstats_line="\\$_mmstats_line" ;; # no comment and no question
	esac
	# A pipe keeps lines of several writers apart up to 4096 bytes.
	if [ -z "$_mmstats_whole" ] || [ ${#_mmstats_line} -gt 1000 ]; then
		mmstats_sync || _mmstats_failed=1
		return 1
	fi
	_mmstats_put "$_mmstats_line" || { _mmstats_restart && _mmstats_put "$_mmstats_line"; }
}
