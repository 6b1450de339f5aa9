#!/bin/sh
# Installs Clapless for this user, with its entries in DaVinci Resolve and the file manager.
#   install_linux.sh [--system] [--at-login] [--dry-run]      install_linux.sh --uninstall
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for python in python3.13 python3.12 python3.11 python3; do
    if command -v "$python" > /dev/null 2>&1 && "$python" -c '' > /dev/null 2>&1; then
        exec "$python" "$here/private.py" "$@"
    fi
done
echo "Clapless needs Python 3.11, 3.12 or 3.13: install it (on Debian and Ubuntu: sudo apt install" >&2
echo "python3 python3-venv) and run this again." >&2
exit 1
