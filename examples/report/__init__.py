"""The report: ``python -m examples.report`` makes it from the results in docs/runs, a section for each experiment."""
