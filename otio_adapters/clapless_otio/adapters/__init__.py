"""What OpenTimelineIO loads.

It loads each file here under a private name that no import knows: so they import absolutely,
define no classes, and hand on to the modules where the work is done.
"""
