"""The child process: reads one job, runs it in a framework's environment, scores and times it.

The only scorers and timers of the project live here, so that every runtime is measured by the same code.
Law: nothing beyond the standard library, numpy and pydantic is imported here; frameworks come in by the job's worker module.
"""
