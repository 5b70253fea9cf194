#!/usr/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-only
#
# Print what zsh offers for the last word of each line of the input, in its own editor on
# a pseudo terminal.
#
# usage: complete.zsh DIRECTORY     the one that has _vmictl

zmodload zsh/zpty || exit 1

# Each offer goes through compadd. Where that is called to fill arrays, by functions
# of zsh itself, nothing is offered.
cat > .zshrc <<END
PS1=
fpath=($1 \$fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a hits
	if [[ -z \${@[(r)-[OAD]]} ]]; then
		builtin compadd -O hits "\$@"
		print -rl -- \$hits >> $PWD/offers
	fi
	builtin compadd "\$@"
}
zle -C offer list-choices _main_complete
look() { zle offer; BUFFER=; print "<looked>" }
zle -N look
bindkey "^I" look
zle-line-init() { print "<ready>" }
zle -N zle-line-init
END

zpty shell ZDOTDIR=$PWD zsh -d -i
zpty -r shell output '*<ready>*' || exit 1
while IFS= read -r line; do
	: > offers
	zpty -n -w shell "$line"$'\t'
	zpty -r shell output '*<looked>*' || exit 1
	print -r -- $(sort -u offers)
done
zpty -d shell
