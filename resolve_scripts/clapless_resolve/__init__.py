"""DaVinci Resolve: connecting, reading what is selected, and placing a plan on a timeline."""
