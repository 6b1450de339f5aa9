"""OpenTimelineIO adapters for what Clapless synced."""
