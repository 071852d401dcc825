"""A course: seven tasks, from a layer's forward to a report, with a grader for students and teachers.

``python -m examples.course start DIR`` makes a student's folder; see README.md.
"""
