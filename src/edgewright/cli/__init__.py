"""The command line: one file a command. Each parses, calls one function of `edgewright.api`, renders and exits."""
