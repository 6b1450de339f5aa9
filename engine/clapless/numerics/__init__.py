"""Arrays in, numbers out: correlation, robust lines and evidence that several signals share."""
