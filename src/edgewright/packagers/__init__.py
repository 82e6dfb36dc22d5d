"""Kinds of packages, one file each. None knows another; `files` is what they share."""
