"""ONNX: built by Olive's passes, run by ONNX Runtime GenAI."""
