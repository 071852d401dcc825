"""The experiments, a script each: ``python -m examples.experiments.train`` and others.

What they share is in `support`: data (`support.data`), run folders (`support.runs`), other frameworks
(`support.frameworks`), times (`support.timing`), and the command line (`support.cli`).
"""
