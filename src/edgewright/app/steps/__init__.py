"""One verb a file: records and ports in, one new frozen record out. No step calls another."""
