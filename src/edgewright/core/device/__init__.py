"""What runs builds: hosts, targets, toolchains."""
