"""Run folders: what a run writes, how it stops on a signal, and how it resumes."""
