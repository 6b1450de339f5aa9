# Installs Clapless for this user, with its entries in DaVinci Resolve and Explorer.
#   install_windows.ps1 [--system] [--at-login] [--dry-run] [--uninstall]
$script = Join-Path $PSScriptRoot 'private.py'

foreach ($version in '3.13', '3.12', '3.11') {
    if (Get-Command py -ErrorAction SilentlyContinue) {
        & py "-$version" -c 'pass' 2> $null
        if ($LASTEXITCODE -eq 0) {
            & py "-$version" $script @args
            exit $LASTEXITCODE
        }
    }
}
if (Get-Command python -ErrorAction SilentlyContinue) {
    # Windows has an empty python that opens the store.
    & python -c 'pass' 2> $null
    if ($LASTEXITCODE -eq 0) {
        & python $script @args
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('Clapless needs Python 3.13: install it from https://www.python.org/downloads/ and run this again.')
exit 1
