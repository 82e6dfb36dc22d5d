"""CTranslate2 as a framework of edgewright: a runtime in C++ with float32 and int8 kernels for processors."""

from edgewright_ctranslate2.backend import CTranslate2Backend

__all__ = ["CTranslate2Backend"]
