#!/bin/sh
# drive.bash COMPLETION LINES PLACE - asks an interactive bash in PLACE to complete each of LINES.
completion=$1 lines=$2
cd "$3" || exit 1
{
	cat <<-SETUP
		PS1='' PS2='' HISTFILE=''
		mapfile -t lines <'$lines'
		source '$completion'
		show() { printf '\$ %s|\n%s\n' "\${lines[count++]}" "\$READLINE_LINE"; READLINE_LINE=''; }
		bind '"\C-t": insert-completions'
		bind -x '"\C-y": show'
	SETUP
	while IFS= read -r line; do
		printf '%s\024\031' "$line"
	done <"$lines"
	echo
} | bash --noprofile --norc -i
