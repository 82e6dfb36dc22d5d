"""Use cases: each is decisions in order, given a context of ports. No use case calls another's inside."""
