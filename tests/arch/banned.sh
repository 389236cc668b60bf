#!/bin/sh
# banned.sh NM CC LIBRARIES... -- OBJECTS... - nobody calls what is banned.
#
# In LIBRARIES (archives of lib/) also nothing that ends the process,
# prints, reads the environment or the clock; OBJECTS are those of
# policy/. Before them, a sample that calls everything has to be found
# guilty of everything.
set -eu
export LC_ALL=C

nm=$1 cc=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0

# No bounds, no error, a hidden buffer, a shell, or a stack without an end.
everywhere='strcpy strcat stpcpy sprintf vsprintf strtok gets atoi atol atof sscanf system popen
localtime gmtime ctime asctime alloca'
# Only main dies, only main speaks; time is a value.
in_libraries='exit _exit abort printf puts putchar perror getenv time gettimeofday clock_gettime'

# guilty FILE NAMES: lines "member calls name", the C library's other names for a function included.
guilty() {
	"$nm" -A "$1" | awk -v names="$2" '
		BEGIN {
			count = split(names, name)
			for (i = 1; i <= count; i++) {
				banned[name[i]] = banned["__" name[i] "_chk"] = name[i]
				banned["__isoc99_" name[i]] = banned["__isoc23_" name[i]] = name[i]
			}
		}
		$(NF - 1) == "U" && ($NF in banned) {
			member = $1
			sub(/:[0-9a-f]*$/, "", member)
			sub(/^.*[:\/]/, "", member)
			print member, "calls", banned[$NF]
		}' | sort -u
}

# A log line carries the time at which it is written, as with syslog(3).
excused() {
	grep -vx 'log.c.o calls time' || true
}

# look FILE NAMES
look() {
	if [ -s "$1" ]; then
		guilty "$1" "$2" | excused
	else
		echo "$1 is not there"
	fi
}

report() {
	if [ -n "$1" ]; then
		echo "FAIL: $1"
		wrong=1
	fi
}

for name in $everywhere $in_libraries; do
	echo "void $name(void);"
	calls="${calls-} $name();"
done >"$work/sample.c"
echo "void sample(void); void sample(void) {$calls }" >>"$work/sample.c"
"$cc" -w -std=c11 -ffreestanding -fno-builtin -c "$work/sample.c" -o "$work/sample.o"
found=$(guilty "$work/sample.o" "$everywhere $in_libraries" | wc -l)
if [ "$found" -ne "$(echo $everywhere $in_libraries | wc -w)" ]; then
	echo "FAIL: the sample calls everything, but only $found calls were found"
	exit 1
fi

looked=0
while [ "$1" != -- ]; do
	report "$(look "$1" "$everywhere $in_libraries")"
	looked=$((looked + 1))
	shift
done
shift
for object in "$@"; do
	report "$(look "$object" "$everywhere")"
	looked=$((looked + 1))
done
[ "$wrong" -ne 0 ] || echo "ok: $looked files call nothing that is banned"
exit "$wrong"
