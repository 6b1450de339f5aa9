"""Reading media: files become clips and streams."""
