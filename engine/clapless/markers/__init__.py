"""Marker lists: reading, writing, and moving them through a placement.

========================  =====================================================================
module                    what it does
========================  =====================================================================
`clapless.markers.formats`   what a format offers, and which are installed
`clapless.markers.tables`    CSV, also with the columns of mtbsync
`clapless.markers.mtbsync`   CSV and JSON as mtbsync writes them
`clapless.markers.json_file` JSON
`clapless.markers.lists`     Audacity labels, YouTube chapters
`clapless.markers.editors`   Avid marker text, Premiere marker table
`clapless.markers.transfer`  from clip to clip, clip to group and back
========================  =====================================================================
"""
