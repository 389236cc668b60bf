#!/usr/bin/env fish
# drive.fish COMPLETION LINES PLACE - what fish has for each of LINES in PLACE.
cd $argv[3]; or exit
source $argv[1]; or exit
while read -l line
    printf '$ %s|\n' $line
    complete -C $line
end <$argv[2]
