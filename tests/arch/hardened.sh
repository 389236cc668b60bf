#!/bin/sh
# hardened.sh READELF NM CC MADE HELPER ADMIN -- ARCHIVES... - what the programs are built with.
#
# The two programs: position-independent, read-only relocations that are
# bound at the start, no stack that can be executed, no segment that is
# both written and executed, no directory of libraries of their own. The
# archives, object by object: a guarded stack. MADE names what else this
# build has, parted by semicolons: static, fortify, cet. Before them,
# programs built without any of it have to be found guilty of all.
set -eu
export LC_ALL=C

readelf=$1 nm=$2 cc=$3 made=$4 helper=$5 admin=$6
shift 7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

has() {
	case ";$made;" in
	*";$1;"*) return 0 ;;
	esac
	return 1
}

# program FILE: a line for each thing that is wrong with it
program() {
	"$readelf" -hldW "$1" >"$work/elf" 2>&1 || { echo "cannot be read" && return; }
	grep -q 'Type: *DYN' "$work/elf" || echo 'is not position-independent'
	grep -q ' PIE' "$work/elf" || echo 'is no program that is position-independent'
	grep -q 'GNU_RELRO' "$work/elf" || echo 'has no read-only relocations'
	grep -q 'BIND_NOW\|Flags:.* NOW' "$work/elf" || echo 'binds late'
	grep -q 'GNU_STACK .* RW ' "$work/elf" || echo 'has a stack that can be executed'
	! grep -q '^  LOAD .* RWE ' "$work/elf" || echo 'has a segment written and executed'
	! grep -q 'RPATH\|RUNPATH' "$work/elf" || echo 'names directories of libraries'
}

# objects ARCHIVE: the same of what it was compiled with; it needs one object at least that
# calls what the protection puts in
objects() {
	"$nm" "$1" >"$work/names" 2>&1 || { echo "cannot be read" && return; }
	grep -q ' U __stack_chk_fail' "$work/names" || echo 'has no guarded stack'
	if has fortify; then
		grep -q ' U __[a-z]*_chk$' "$work/names" || echo 'is not fortified'
	fi
	"$readelf" -nW "$1" >"$work/notes" 2>/dev/null || true
	"$readelf" -hW "$1" >"$work/heads" 2>/dev/null || true
	if has cet; then
		all=$(grep -c 'ELF Header' "$work/heads" || true)
		marked=$(grep -c 'IBT, SHSTK' "$work/notes" || true)
		[ "$all" -eq "$marked" ] || echo "has $((all - marked)) objects without CET"
	fi
}

# guilty COUNT WHAT FILE
guilty() {
	found=$("$2" "$3" | wc -l)
	if [ "$found" -ne "$1" ]; then
		echo "FAIL: a bad sample is guilty of $found offences, not of $1:"
		"$2" "$3"
		exit 1
	fi
}

cat >"$work/sample.c" <<-'EOF'
	#include <stdio.h>
	int main(int argc, char **argv)
	{
		char room[8];
		(void)argc;
		return snprintf(room, sizeof room, "%s", argv[0]) < 0;
	}
EOF
bare='-O1 -fno-pie -fno-stack-protector -U_FORTIFY_SOURCE'
! has cet || bare="$bare -fcf-protection=none"
"$cc" $bare -c "$work/sample.c" -o "$work/sample.o"
"$cc" -no-pie -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack -Wl,-rpath,/tmp -o "$work/sample" \
	"$work/sample.o"
wanted=6
guilty $wanted program "$work/sample"
wanted=1
! has fortify || wanted=$((wanted + 1))
! has cet || wanted=$((wanted + 1))
guilty $wanted objects "$work/sample.o"

{
	for file in "$helper" "$admin"; do
		program "$file" | sed "s|^|FAIL: $file |"
	done
	for file; do
		objects "$file" | sed "s|^|FAIL: $file |"
	done
	if has static && "$readelf" -lW "$helper" | grep -q INTERP; then
		echo "FAIL: $helper needs a loader"
	fi
} >"$work/wrong"
if [ -s "$work/wrong" ]; then
	cat "$work/wrong"
	exit 1
fi
echo "ok: 2 programs and $# archives ($made)"
