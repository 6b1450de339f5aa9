@echo off
rem In the folder SendTo: takes any number of selected recordings.
chcp 65001 > nul
"@PYTHON@" "@SCRIPT@" %*
