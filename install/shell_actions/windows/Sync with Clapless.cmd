@echo off
rem In the folder SendTo: takes any number of selected recordings.
"@PYTHON@" "@SCRIPT@" %*
