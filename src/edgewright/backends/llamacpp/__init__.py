"""llama.cpp: its converter, its quantizer, and its library by way of llama-cpp-python's ctypes declarations."""
