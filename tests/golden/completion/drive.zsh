#!/bin/sh
# drive.zsh COMPLETION LINES PLACE - asks an interactive zsh in PLACE to complete each of LINES.
#
# Its line editor wants a terminal, so script(1) makes one. Below the line
# stand the lists and messages that zsh would show.
completion=$1 lines=$2 place=$3
mkdir "$HOME/functions" && cp "$completion" "$HOME/functions/_greylist-admin" || exit 1
cat >"$HOME/.zshrc" <<SETUP
PS1='' RPS1='' fpath=('$HOME/functions' \$fpath) lines=("\${(@f)\$(<'$lines')}")
SETUP
cat >>"$HOME/.zshrc" <<'SETUP'
unset HISTFILE
stty cols 200
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' format '%d'

compadd() {
	local -a hits texts
	local d=${@[(I)-d]} x=${@[(I)-x]}
	if (( d )); then
		texts=("${(@P)@[d+1]}")
		builtin compadd -A hits -D texts "$@"
		shown+=("${texts[@]}")
	elif (( x )); then
		shown+=("${@[x+1]}")
	fi
	builtin compadd "$@"
}
insert_all() {
	_main_complete
	(( ! compstate[nmatches] )) || compstate[insert]=all
	compstate[list]=
}
show() {
	print -r -- "$ $lines[++count]|" >&3
	print -r -- "$BUFFER" >&3
	(( ! $#shown )) || print -rl -- "${shown[@]%% ##}" >&3
	BUFFER='' shown=()
}
zle -C insert-all complete-word insert_all
zle -N show
bindkey '^T' insert-all
bindkey '^Y' show
SETUP
cd "$place" || exit 1
{
	while IFS= read -r line; do
		printf '%s\024\031' "$line"
	done <"$lines"
	printf 'exit\n'
} | ZDOTDIR=$HOME script -qec "zsh -d -i 3>'$HOME/shown'" /dev/null >/dev/null
cat "$HOME/shown"
