"""The right answers, from which the files for students are cut; see `course.folder`."""
