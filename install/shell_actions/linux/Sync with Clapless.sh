#!/bin/sh
# In ~/.local/share/nautilus/scripts (also Nemo's and Caja's): right click > Scripts.
exec '@PYTHON@' '@SCRIPT@' "$@"
