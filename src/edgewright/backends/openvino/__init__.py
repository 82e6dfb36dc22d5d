"""OpenVINO: exported by Optimum Intel, compressed by NNCF, run on Intel (and Arm) processors by OpenVINO itself."""
