"""The frameworks, one folder each: a light parent half, a heavy child half, an environment.

Law: no backend knows another, and a framework is imported in ``worker`` modules only.
"""
