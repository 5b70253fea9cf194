# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for vmictl(8). Names come from the running kernel, and commands from
# the tool.

_vmictl_commands() {
	vmictl help 2>/dev/null | awk '/^Options:/ { exit } /^  [a-z]/ { print $1 }'
}

_vmictl_column() {
	vmictl "$1" 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_vmictl_targets() {
	_vmictl_column ops | awk -F. '{ print $0; print $1 }' | sort -u
}

# Words that are no options, up to the one that is being completed. bash has made
# three words of --option=value.
_vmictl_words() {
	local i

	words=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-b | --batch | --interval | --count | --format)
			((i++))
			[[ ${COMP_WORDS[i]} != = ]] || ((i++))
			;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
}

# What goes with the options that are there already.
_vmictl_options_of_stats() {
	case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
	*" --format "* | *" --histogram "*) ;;
	*" --per-cpu "* | *" --interval "* | *" --count "*)
		echo "--interval --count --per-cpu"
		;;
	*) echo "--interval --count --per-cpu --histogram --format" ;;
	esac
}

_vmictl_actions_of_stats() {
	case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
	*" --format "* | *" --per-cpu "* | *" --interval "* | *" --count "*) ;;
	*" --histogram "*) echo "on off" ;;
	*) echo "on off reset" ;;
	esac
}

_vmictl_candidates() {
	case ${#words[@]}:${words[0]}:${words[1]} in
	0:*) _vmictl_commands ;;
	1:help:) _vmictl_commands | grep -vx help ;;
	1:use:) echo "native builtin $(_vmictl_column list)" ;;
	1:policy:) echo "show set clear load" ;;
	2:policy:set | 2:policy:clear) _vmictl_targets ;;
	3:policy:set) echo "native builtin default" ;;
	1:explain:) _vmictl_column ops ;;
	1:top: | 1:trace:) _vmictl_targets ;;
	1:stats:) echo "$(_vmictl_actions_of_stats) $(_vmictl_targets)" ;;
	2:stats:on | 2:stats:off | 2:stats:reset) _vmictl_targets ;;
	esac
}

_vmictl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options="-j --json -p --pretty -b --batch -V --version -h --help"
	local words

	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	_vmictl_words
	case ${words[0]}:${words[1]} in
	stats:on | stats:off) options+=" --histogram" ;;
	stats:reset) ;;
	stats:*) options+=" $(_vmictl_options_of_stats)" ;;
	top:*) options+=" --interval --count --per-cpu" ;;
	esac
	if [[ $prev == --interval || $prev == --count ]]; then
		COMPREPLY=()
	elif [[ $prev == --format ]]; then
		mapfile -t COMPREPLY < <(compgen -W openmetrics -- "$cur")
	elif [[ $cur == -* && $prev != -b && $prev != --batch ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	elif [[ $prev == -b || $prev == --batch || ${words[*]} == check ||
		${words[*]} == "policy load" ]]; then
		# A directory has a slash then, and a space is quoted.
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	else
		mapfile -t COMPREPLY < <(
			compgen -W "$(_vmictl_candidates)" -- "$cur"
		)
	fi
}

complete -F _vmictl vmictl
