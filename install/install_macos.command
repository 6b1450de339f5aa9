#!/bin/sh
# Double-click: installs Clapless for this user, with its entries in DaVinci Resolve and the Finder.
# In Terminal: install_macos.command [--system] [--at-login] [--dry-run] [--uninstall]
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
status=1
found=
# python.org's own folders first: a double click knows no PATH of a shell's profile.
for version in 3.13 3.12 3.11; do
    for python in "/Library/Frameworks/Python.framework/Versions/$version/bin/python$version" \
        "/opt/homebrew/bin/python$version" "/usr/local/bin/python$version" "python$version"; do
        if [ -z "$found" ] && command -v "$python" > /dev/null 2>&1 &&
            "$python" -c '' > /dev/null 2>&1; then
            found=$python
        fi
    done
done
if [ -n "$found" ]; then
    "$found" "$here/private.py" "$@"
    status=$?
else
    echo "Clapless needs Python 3.13: install it from https://www.python.org/downloads/ and open" >&2
    echo "this again." >&2
fi
if [ "$#" -eq 0 ] && [ -t 0 ]; then
    printf 'Press Return to close.'
    read -r _
fi
exit "$status"
