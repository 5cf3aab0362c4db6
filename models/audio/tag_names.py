"""Keys of tags, as Vorbis comments have them, and what other formats call the same."""

ID3 = {
    "TIT2": "TITLE",
    "TPE1": "ARTIST",
    "TALB": "ALBUM",
    "TPE2": "ALBUMARTIST",
    "TDRC": "DATE",
    "TCON": "GENRE",
    "TRCK": "TRACKNUMBER",
    "TPOS": "DISCNUMBER",
    "TIT1": "GROUPING",
    "TIT3": "SUBTITLE",
    "TCOM": "COMPOSER",
    "TEXT": "LYRICIST",
    "TPE3": "CONDUCTOR",
    "TCOP": "COPYRIGHT",
    "TLAN": "LANGUAGE",
    "TPUB": "ORGANIZATION",
    "TSRC": "ISRC",
    "TDES": "DESCRIPTION",
}
"""Text frames of ID3v2.4."""

MP4 = {
    "\xa9nam": "TITLE",
    "\xa9ART": "ARTIST",
    "\xa9alb": "ALBUM",
    "aART": "ALBUMARTIST",
    "\xa9day": "DATE",
    "\xa9gen": "GENRE",
    "\xa9wrt": "COMPOSER",
    "\xa9cmt": "COMMENT",
    "\xa9grp": "GROUPING",
    "cprt": "COPYRIGHT",
    "desc": "DESCRIPTION",
    "trkn": "TRACKNUMBER",
    "disk": "DISCNUMBER",
}
"""Atoms of MP4 that hold text, and the two that hold pairs of numbers."""

OTHERS = {
    "AUTHOR": "ARTIST",
    "YEAR": "DATE",
    "TRACK": "TRACKNUMBER",
    "DISC": "DISCNUMBER",
    "WM/ALBUMTITLE": "ALBUM",
    "WM/ALBUMARTIST": "ALBUMARTIST",
    "WM/YEAR": "DATE",
    "WM/GENRE": "GENRE",
    "WM/COMPOSER": "COMPOSER",
    "WM/TRACKNUMBER": "TRACKNUMBER",
}
"""Keys of APEv2 and ASF that differ from those of Vorbis comments."""

NO_TEXT = ("ENCODE", "REPLAYGAIN_", "R128_", "ITUN", "METADATA_BLOCK_PICTURE", "COVERART", "COVER ART", "WM/PICTURE")
"""How keys begin that are about the encoding of the recording, or hold pictures: they are not carried over."""

LITTER = frozenset({"Processed by SoX"})
"""Values that programs write by themselves."""

NO_TEXT_EITHER = frozenset({"LYRICS", "UNSYNCEDLYRICS", "CUESHEET", "ISVBR"})
"""Further keys that are not carried over."""
