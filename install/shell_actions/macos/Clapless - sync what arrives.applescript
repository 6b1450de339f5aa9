-- A folder action: attach it to a folder (right click > Services > Folder Actions Setup).
-- Whatever is copied into that folder, all of it is synced again; results lie beside the folder.
on adding folder items to watchedFolder after receiving newItems
	set command to quoted form of "@PYTHON@" & " " & quoted form of "@SCRIPT@"
	set target to quoted form of (POSIX path of watchedFolder)
	-- In the background: the Finder shall not wait for it.
	do shell script command & " " & target & " > /dev/null 2>&1 &"
end adding folder items to
