"""Where jobs run: a folder a kind of place. `local` is this machine."""
