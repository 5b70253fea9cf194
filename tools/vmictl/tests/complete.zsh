#!/usr/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-only
#
# Print what zsh offers for the last word, in its own editor on a pseudo terminal.
#
# usage: complete.zsh SCRATCH-DIRECTORY WORD...     in the directory with _vmictl

zmodload zsh/zpty || exit 1

scratch=$1
shift
: > $scratch/offered

# Each offer goes through compadd. Where that is called to fill arrays, by functions
# of zsh itself, nothing is offered.
cat > $scratch/.zshrc <<END
PS1=
fpath=($PWD \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a hits
	if [[ -z \${@[(r)-[OAD]]} ]]; then
		builtin compadd -O hits "\$@"
		print -rl -- \$hits >> $scratch/offered
	fi
	builtin compadd "\$@"
}
zle -C offer list-choices _main_complete
look() { zle offer; print "<looked>" }
zle -N look
bindkey "^I" look
zle-line-init() { print "<ready>" }
zle -N zle-line-init
END

zpty shell ZDOTDIR=$scratch zsh -d -i
zpty -r shell output '*<ready>*' || exit 1
zpty -n -w shell "$*"$'\t'
zpty -r shell output '*<looked>*' || exit 1
zpty -d shell
print -r -- $(sort -u $scratch/offered)
