@echo off
rem Double-click: installs Clapless for this user, with its entries in DaVinci Resolve and Explorer.
rem In a terminal: install_windows.bat [--system] [--at-login] [--dry-run] [--uninstall]
chcp 65001 > nul
powershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0install_windows.ps1" %*
set "code=%ERRORLEVEL%"
if "%~1" == "" pause
exit /b %code%
